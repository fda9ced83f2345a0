export { churnIn, readBusLog } from './bus-log.js';
export { provesListener, readDaemon } from './daemon.js';
export { type Document, readDocument, type WindowsDocument } from './document.js';
export { readFirewall, readRoute } from './network.js';
export { readPolicies } from './policies.js';
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
export { processesOf, readSessions } from './sessions.js';
export { readSoftware } from './software.js';
export { readLocation, readRestart, readStoreAcl, readSystem, readUsbPower, resumedIn } from './system.js';
export { parseWindowsTime, readWindowsTime } from './time.js';
