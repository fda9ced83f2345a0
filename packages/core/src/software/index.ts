export * from './catalogue.js';
export * from './compatibility.js';
export * from './facts.js';
export { GdmfAnswer } from './gdmf.js';
export { type InstalledHost, type InstalledPhone, judgeHost, judgePhone } from './judge.js';
export { apart, type PreparedCatalogue, type PreparedModel, prepareCatalogue } from './prepare.js';
export * from './programs.js';
export * from './shapes.js';
export { sofaAnswer } from './sofa.js';
export * from './verdicts.js';
export { compareVersions, improvementOf, isBetaBuild, isImprovementBuild, Version, versionOf } from './versions.js';
export {
  judgeWindows,
  WINDOWS_EDITIONS,
  WINDOWS_STALE_MS,
  WindowsCycles,
  type WindowsEdition,
  WindowsLifecycle,
  type WindowsRelease,
  type WindowsVerdict,
  windowsEdition,
  windowsReleases,
  windowsStaleSince,
} from './windows.js';
