export { type AppleProgram, readApplePrograms, readEnded, readStoreNames, signedInHomes } from './apple-programs.js';
export { type BoundNode, type PhoneNodes, readPhoneNodes } from './bus.js';
export { churnIn, readBusLog } from './bus-log.js';
export { provesListener, readDaemon, readPort, serviceOf } from './daemon.js';
export { type Document, readDocument, type WindowsDocument } from './document.js';
export {
  type AppleDriver,
  type AppleService,
  type ProxyRule,
  readAppleDrivers,
  readAppleService,
  readProxyRules,
  readStoreApps,
  readSuspend,
  readUsbipd,
  type StoreApp,
} from './fix-readings.js';
export { type Cost, readCosts, readFirewall, readRoute } from './network.js';
export { readBlocks, readPolicies } from './policies.js';
export { readPower } from './power.js';
export { homesOf, isBackingUpHere, readClaimants, readRestores, readSyncAgents, updatersIn } from './programs.js';
export {
  hostDraft,
  parseWindowsListener,
  parseWindowsLog,
  parseWindowsNetwork,
  parseWindowsNow,
  parseWindowsSlow,
  windowsBusDraft,
  windowsPortDraft,
  windowsResponderDraft,
} from './reports.js';
export { frontSession, type Process as WindowsProcess, processesOf, readSessions } from './sessions.js';
export { readSoftware } from './software.js';
export { readLocation, readResponder, readRestart, readStoreAcl, readSystem, readUsbPower, resumedIn } from './system.js';
export { parseWindowsTime, readWindowsTime } from './time.js';
