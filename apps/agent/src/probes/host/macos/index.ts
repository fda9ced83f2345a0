export { backupActivityRow, backupRow, snapshotOf } from './backups.js';
export { readMacBus } from './bus.js';
export { macResponder, muxHistoryRow, muxReport } from './mux.js';
export { failedForAll, orNull, type Person, personInFront, settingsOf } from './person.js';
export { MAC_MUX_ACCOUNT, recordStoreRow } from './record-store.js';
export {
  age,
  claimantsRow,
  configuratorRow,
  deviceHistoryRow,
  hidingPreferencesRow,
  locationDaemonRow,
  syncAgentsRow,
  updaterActivityRow,
} from './services.js';
export { appleSoftwareRow, deviceSupportRow } from './software.js';
export {
  deviceControlRow,
  firewallRow,
  hostOsRow,
  ownRouteRow,
  pendingRestartRow,
  powerEventsRow,
  timeServer,
  userSessionRow,
} from './system.js';
export { accessoryPolicyRow, usbLogRow, usbPortsRow } from './usb.js';
