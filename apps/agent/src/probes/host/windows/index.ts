export { backupActivityRow, backupRow } from './backups.js';
export { deviceHistoryRow, syncAgentsRow, updaterActivityRow } from './services.js';
export {
  appleSoftwareRow,
  firewallRow,
  hostOsRow,
  locationDaemonRow,
  muxPortRow,
  ownRouteRow,
  pendingRestartRow,
  powerSourceRow,
  recordStoreRow,
  userSessionRow,
  windowsDaemon,
  windowsResponder,
  windowsTime,
} from './system.js';
export { claimantsRow, deviceControlRow, powerEventsRow, usbBusRow, usbLogRow, usbPowerRow } from './usb.js';
