export { parseAvahi } from './avahi.js';
export { parseChrony, parseTimesync, readChrony, readTimesync, type Skew } from './clock-skew.js';
export { type Firewall, parseIptables, parseNft, readIptables, readNft } from './firewall.js';
export { type Restored, readRestored } from './idevicerestore.js';
export { failedEnd, type Journal, type JournalEntry, readJournal } from './journal.js';
export { churnOf, KERNEL_WINDOW_S, kernelEvents, parseKernelLog } from './kernel-log.js';
export { MUX_WINDOW_S, type MuxLog, parseMuxLog, readMuxLog } from './mux-log.js';
export { osReleaseName, osReleaseValues } from './os-release.js';
export {
  type Packages,
  parseDpkg,
  parsePacman,
  parseRpm,
  parseUsbmuxdVersion,
  readDpkg,
  readPacman,
  readRpm,
  readUsbmuxdVersion,
} from './packages.js';
export {
  claimantsAmong,
  isBackingUp,
  type Process,
  type Processes,
  parseProcesses,
  readProcesses,
  updaterReading,
  updatersAmong,
} from './processes.js';
export { parseNeedsRestarting, restartReasons } from './restart-needed.js';
export { parseResume } from './resume.js';
export { parseRoutes, type Routes } from './routes.js';
export { parseSeat, parseSession, readSeat, readSession, type Seat, type Session } from './seat.js';
export { parseSystemctlShow, readService, type Service } from './systemctl-show.js';
export { type Guarded, parseUsbguard, readUsbguard } from './usbguard.js';
