export { type MacFirewall, parseApplicationFirewall, readApplicationFirewall } from './application-firewall.js';
export { type Listed, parseCfgutil, readCfgutil } from './cfgutil.js';
export { type CfgutilAnswer, readCfgutilAnswer } from './cfgutil-answer.js';
export { type Account, type Console, parseConsole, readAccount, readConsole } from './console.js';
export {
  agentOf,
  type Disabled,
  type Job,
  parseAgentJob,
  parseMuxJob,
  parseResponderJob,
  readDisabled,
  readJob,
  SYNC_AGENTS,
  type SyncAgentLabel,
} from './launchd.js';
export { DEVICE_LOG_WINDOW_S, type DeviceLog, parseDeviceLog, readDeviceLog } from './mobile-device-log.js';
export { interfaceKinds, isTunnel, parseNwi, readDefaultRoute, readNwi, readTunnels, routeReading } from './network-state.js';
export { type Ports, parsePorts, readPorts } from './ports.js';
export { parsePowerNow } from './power.js';
export {
  isHeld,
  isMacBackingUp,
  locationReading,
  type MacProcess,
  type MacProcesses,
  macClaimants,
  macUpdaters,
  parseMacProcesses,
  readMacProcesses,
} from './processes.js';
export { plistOf, truth, whole, words } from './registry.js';
export { readRestoreLog } from './restore-log.js';
export { parseSnapshots } from './snapshots.js';
export { parseSntp, readSntp } from './sntp.js';
export { parseHardware, parsePowerTimes, powerReading, readHardware, readPowerTimes, readSwVers } from './sysctl.js';
export { macName } from './system-version.js';
export { type LogEntry, readUnifiedLog, type UnifiedLog } from './unified-log.js';
export { churnAt, parseUsbLog, USB_LOG_WINDOW_S, usbEventsOf } from './usb-log.js';
export { parseProfiler, parseProfilerLegacy, readProfiler, readProfilerLegacy } from './usb-profiler.js';
export { parseUsbRegistry, readUsbRegistry } from './usb-registry.js';
