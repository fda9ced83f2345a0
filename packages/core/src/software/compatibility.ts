import type { PreparedCatalogue } from './prepare.js';
import type { IosNeeds, PcSoftwareId } from './shapes.js';
import { compareNumbers, compareVersions, type VersionNumbers, versionOf } from './versions.js';

/** What is known of a computer's software; null where nothing was read. */
export interface HostSoftware {
  os: 'linux' | 'macos' | 'windows';
  /** macOS's version; of Windows and Linux nothing depends on it. */
  osVersion: string | null;
  /** A Mac's board or product name. */
  model: string | null;
  /** Version of macOS's MobileDevice framework. */
  mobileDevice: string | null;
  /** What is installed of Apple's programs for PCs, with their versions; null: it could not be read. */
  pc: Readonly<Partial<Record<PcSoftwareId, string>>> | null;
}

/** What the phone itself says it needs (lockdown: MinMacOSVersion, and MinITunesVersion of `com.apple.mobile.iTunes`). */
export interface PhoneDemand {
  minMacos: string | null;
  minItunes: string | null;
}

/**
 * What a computer is to a phone that runs some iOS.
 * `ready`: knows such phones. `component`: macOS will ask to install Apple's component for newer devices; until then Finder does not show
 * the phone. `update`: the system or Apple's program has to be updated first. `replace`: its model is not offered the macOS that it needs.
 * `unknown`: nobody can tell.
 */
export const COMPATIBILITY_OUTCOMES = ['ready', 'component', 'update', 'replace', 'unknown'] as const;
export type CompatibilityOutcome = (typeof COMPATIBILITY_OUTCOMES)[number];

/** Why, as a word; the sentence is made from it and the versions. */
export const COMPATIBILITY_REASONS = [
  'framework-new-enough',
  'framework-too-old',
  'system-of-the-season',
  'system-of-an-earlier-season',
  'system-too-old',
  'phone-demands-macos',
  'phone-demands-itunes',
  'program-new-enough',
  'program-too-old',
  'no-apple-software',
  'no-row',
  'not-read',
  'nobody-publishes',
] as const;
export type CompatibilityReason = (typeof COMPATIBILITY_REASONS)[number];

export interface Compatibility {
  outcome: CompatibilityOutcome;
  reason: CompatibilityReason;
  /** What was compared: `macOS`, `MobileDevice`, `iTunes` …; null when nothing was. */
  what: string | null;
  have: string | null;
  need: string | null;
  /** How sure: the phone or Apple's own manifest says so, or only the season of both versions speaks for it. */
  basis: 'phone' | 'version' | 'season' | null;
  /** The row's own source; null when no row was used. */
  source: string | null;
  /** Over the cable all is well, but Wi-Fi sync needs this macOS. */
  wifiNeeds: string | null;
}

const result = (
  outcome: CompatibilityOutcome,
  reason: CompatibilityReason,
  rest: Partial<Omit<Compatibility, 'outcome' | 'reason'>> = {},
): Compatibility => ({ outcome, reason, what: null, have: null, need: null, basis: null, source: null, wifiNeeds: null, ...rest });

/** Outcomes after which a phone that took the update is not seen, or not synced, until somebody acts. */
export const BREAKS: ReadonlySet<CompatibilityOutcome> = new Set(['component', 'update', 'replace']);

/**
 * Whether the computer will still work with a phone that takes `nextIos`. What the phone says wins over our rows; where neither speaks,
 * the answer is `unknown`, never `ready`. `nextIos` that is no version is `unknown` too.
 */
export function compatibility(
  catalogue: PreparedCatalogue,
  host: HostSoftware,
  nextIos: string,
  demand: PhoneDemand | null = null,
): Compatibility {
  const ios = versionOf(nextIos);
  if (ios === null) return result('unknown', 'no-row');
  const row = catalogue.requirements.ios.find((r) => r.ios === ios[0]) ?? null;
  if (host.os === 'linux') return result('unknown', 'nobody-publishes');
  return host.os === 'macos' ? onMac(catalogue, host, ios, row, demand) : onWindows(catalogue, host, row, demand);
}

function onMac(
  catalogue: PreparedCatalogue,
  host: HostSoftware,
  ios: VersionNumbers,
  row: IosNeeds | null,
  demand: PhoneDemand | null,
): Compatibility {
  const has = host.osVersion === null ? null : versionOf(host.osVersion);
  const wifi = catalogue.requirements.wifi
    .filter((w) => isAtLeast(ios, w.ios) && (has === null || !isAtLeast(has, w.macos)))
    .map((w) => w.macos)
    .at(-1);
  const also = { wifiNeeds: wifi ?? null };
  /** The Mac has to go to this macOS: whether its model may. */
  const toMacos = (need: string, reason: CompatibilityReason, basis: Compatibility['basis'], source: string | null): Compatibility => {
    const offers = host.model === null ? [] : offersOf(catalogue, host.model);
    const isOffered = offers.length === 0 || offers.some((numbers) => isAtLeast(numbers, need));
    return result(isOffered ? 'update' : 'replace', reason, { what: 'macOS', have: host.osVersion, need, basis, source, ...also });
  };
  const asked = demand?.minMacos ?? null;
  if (asked !== null && has !== null && versionOf(asked) !== null && !isAtLeast(has, asked))
    return toMacos(asked, 'phone-demands-macos', 'phone', null);
  if (row === null) return result('unknown', 'no-row', also);
  const { source } = row;
  const framework = host.mobileDevice === null ? null : versionOf(host.mobileDevice);
  if (row.mobileDevice !== null && framework !== null) {
    const seen = { what: 'MobileDevice', have: host.mobileDevice, need: row.mobileDevice, basis: 'version' as const, source, ...also };
    if (isAtLeast(framework, row.mobileDevice)) return result('ready', 'framework-new-enough', seen);
    if (has !== null && !isAtLeast(has, row.macosOldest)) return toMacos(row.macosOldest, 'system-too-old', 'season', source);
    return result('component', 'framework-too-old', seen);
  }
  if (has === null) return result('unknown', 'not-read', { what: 'macOS', source, ...also });
  const seen = { what: 'macOS', have: host.osVersion, need: row.macosOfSeason, basis: 'season' as const, source, ...also };
  if (isAtLeast(has, row.macosOfSeason)) return result('ready', 'system-of-the-season', seen);
  if (isAtLeast(has, row.macosOldest)) return result('component', 'system-of-an-earlier-season', seen);
  return toMacos(row.macosOldest, 'system-too-old', 'season', source);
}

function onWindows(catalogue: PreparedCatalogue, host: HostSoftware, row: IosNeeds | null, demand: PhoneDemand | null): Compatibility {
  const { pc } = host;
  if (pc === null) return result('unknown', 'not-read');
  const names = Object.keys(pc) as PcSoftwareId[];
  if (names.length === 0) return result('update', 'no-apple-software');
  const asked = demand?.minItunes ?? null;
  const itunes = pc.itunes ?? pc['itunes-store'] ?? null;
  if (asked !== null && itunes !== null && (compareVersions(itunes, asked) ?? 0) < 0)
    return result('update', 'phone-demands-itunes', { what: 'iTunes', have: itunes, need: asked, basis: 'phone' });
  if (row === null) return result('unknown', 'no-row');
  const support = pc['mobile-device-support'] ?? null;
  if (support !== null && row.windowsSupport !== null) {
    const order = compareVersions(support, row.windowsSupport);
    const seen = {
      what: 'Apple Mobile Device Support',
      have: support,
      need: row.windowsSupport,
      basis: 'version' as const,
      source: row.source,
    };
    if (order !== null) return order >= 0 ? result('ready', 'program-new-enough', seen) : result('update', 'program-too-old', seen);
  }
  // The Store's programs carry their own support, whose version nobody publishes: only the newest one is sure to be new enough, and only
  // for phones of the season in which we saw it.
  for (const p of catalogue.requirements.pc) {
    const have = pc[p.id];
    if (have === undefined || p.id === 'mobile-device-support' || row.windowsSupport === null) continue;
    const order = compareVersions(have, p.latest);
    if (order === null) continue;
    const seen = { what: p.name, have, need: p.latest, basis: 'season' as const, source: p.source };
    return order >= 0 ? result('ready', 'program-new-enough', seen) : result('update', 'program-too-old', seen);
  }
  return result('unknown', row.windowsSupport === null ? 'nobody-publishes' : 'not-read');
}

/** Every macOS that any feed says the model is, or was, offered. A feed's age does not matter here: what was offered can be installed. */
function offersOf(catalogue: PreparedCatalogue, model: string): VersionNumbers[] {
  const found = catalogue.platforms.macos.model(model);
  return found === null ? [] : Object.values(found.offers).flatMap((offers) => offers.map(({ of }) => of.numbers));
}

function isAtLeast(numbers: VersionNumbers, least: string): boolean {
  const other = versionOf(least);
  return other !== null && compareNumbers(numbers, other) >= 0;
}
