import {
  parseAgentJob,
  parseApplicationFirewall,
  parseCfgutil,
  parseConsole,
  parseDeviceLog,
  parseHardware,
  parseMacProcesses,
  parseMuxJob,
  parseNwi,
  parsePorts,
  parsePowerNow,
  parsePowerTimes,
  parseProfiler,
  parseProfilerLegacy,
  parseResponderJob,
  parseSnapshots,
  parseSntp,
  parseUsbLog,
  parseUsbRegistry,
} from '../macos/index.js';
import { AS_PERSON, CFGUTIL, MACOS_RECOVERY_COMMANDS } from './macos-recovery.js';
import type { CommandRow } from './row.js';

const IOREG = ['/usr/sbin/ioreg'] as const;
const LAUNCHCTL = ['/bin/launchctl'] as const;
const LOG = ['/usr/bin/log'] as const;
const PROFILER = ['/usr/sbin/system_profiler'] as const;
const SYSCTL = ['/usr/sbin/sysctl'] as const;
/** A registry below a full set of docks is some MiB as a property list. */
const REGISTRY_BYTES = 8_388_608;
const LOG_BYTES = 8_388_608;
/** Half an hour of the log is searched in 2 to 20 s; what takes longer is not waited for. */
const LOG_MS = 18_000;

/** Configurator's name before its third edition. */
const CFGUTIL_OLD = '/Applications/Apple Configurator 2.app/Contents/MacOS/cfgutil';
const CFGUTIL_ARGS = ['--format', 'JSON', '--timeout', '5', 'list'] as const;

/** Every command this agent can ever run on macOS. */
export const MACOS_COMMANDS = {
  /** USB devices with all below them, as a property list: 50 to 200 ms on every version, and the same on all. */
  'ioreg-usb': {
    os: 'macos',
    programs: IOREG,
    args: ['-a', '-l', '-r', '-c', 'IOUSBHostDevice'],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    outputBytes: REGISTRY_BYTES,
    parse: parseUsbRegistry,
  },
  /** macOS 26 and later. Asked when the registry gave no answer. */
  'profiler-usb': {
    os: 'macos',
    programs: PROFILER,
    args: ['SPUSBHostDataType', '-json'],
    deadlineMs: 6_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseProfiler,
  },
  /** macOS 15 and earlier. */
  'profiler-usb-legacy': {
    os: 'macos',
    programs: PROFILER,
    args: ['SPUSBDataType', '-json'],
    deadlineMs: 6_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseProfilerLegacy,
  },
  /** Sockets and what runs over them; only Macs with Apple silicon have these. */
  'ioreg-ports': {
    os: 'macos',
    programs: IOREG,
    args: ['-a', '-l', '-r', '-c', 'IOPort'],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    outputBytes: REGISTRY_BYTES,
    parse: parsePorts,
  },
  /** The registry's root alone: who is signed in, and whether the screen is locked. */
  'ioreg-root': {
    os: 'macos',
    programs: IOREG,
    args: ['-a', '-n', 'Root', '-d1'],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseConsole,
  },
  /** A person's home folder; it fills the open places of the table of files and is told to nobody. */
  'account-of': {
    os: 'macos',
    programs: ['/usr/bin/dscacheutil'],
    args: ['-q', 'user', '-a', 'uid', { param: 'uid' }],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: null,
  },
  /** The kernel's messages about USB. */
  'log-usb': {
    os: 'macos',
    programs: LOG,
    args: [
      'show',
      '--last',
      '30m',
      '--style',
      'ndjson',
      '--predicate',
      'process == "kernel" AND (eventMessage CONTAINS "AppleUSBHostPort::" OR eventMessage CONTAINS "HubPort::" OR eventMessage CONTAINS "persistent enumeration" OR eventMessage CONTAINS[c] "overcurrent" OR eventMessage CONTAINS[c] "over-current" OR (eventMessage CONTAINS "AppleUSBXHCI" AND eventMessage CONTAINS[c] "error"))',
    ],
    deadlineMs: LOG_MS,
    privilege: 'admin',
    effect: 'reads',
    outputBytes: LOG_BYTES,
    costly: true,
    parse: parseUsbLog,
  },
  /** What the programs around the multiplexer wrote down. */
  'log-devices': {
    os: 'macos',
    programs: LOG,
    args: [
      'show',
      '--last',
      '30m',
      '--style',
      'ndjson',
      '--info',
      '--predicate',
      'process == "usbmuxd" OR process == "AMPDevicesAgent" OR process == "AMPDeviceDiscoveryAgent" OR process == "MobileDeviceUpdater"',
    ],
    deadlineMs: LOG_MS,
    privilege: 'admin',
    effect: 'reads',
    outputBytes: LOG_BYTES,
    costly: true,
    parse: parseDeviceLog,
  },
  'launchctl-usbmuxd': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: ['print', 'system/com.apple.usbmuxd'],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseMuxJob,
  },
  'launchctl-responder': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: ['print', 'system/com.apple.mDNSResponder'],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseResponderJob,
  },
  'launchctl-discovery-agent': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: ['print', { param: 'uid', before: 'gui/', after: '/com.apple.AMPDeviceDiscoveryAgent' }],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseAgentJob('com.apple.AMPDeviceDiscoveryAgent'),
  },
  'launchctl-devices-agent': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: ['print', { param: 'uid', before: 'gui/', after: '/com.apple.AMPDevicesAgent' }],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseAgentJob('com.apple.AMPDevicesAgent'),
  },
  'launchctl-updater-agent': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: ['print', { param: 'uid', before: 'gui/', after: '/com.apple.mobiledeviceupdater' }],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseAgentJob('com.apple.mobiledeviceupdater'),
  },
  /** Labels that somebody switched off in a person's session. */
  'launchctl-disabled': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: ['print-disabled', { param: 'uid', before: 'gui/' }],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    parse: null,
  },
  /**
   * Every process by number, owner, state, use, age and path. Never arguments: they are other people's. Each column has its own -o: what
   * stands after an equals sign is a heading to BSD's ps, commas included.
   */
  'process-list': {
    os: 'macos',
    programs: ['/bin/ps'],
    args: ['-axww', '-o', 'pid=', '-o', 'uid=', '-o', 'state=', '-o', '%cpu=', '-o', 'etime=', '-o', 'comm='],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseMacProcesses,
  },
  'sysctl-times': {
    os: 'macos',
    programs: SYSCTL,
    args: ['kern.boottime', 'kern.waketime'],
    deadlineMs: 3_000,
    privilege: 'user',
    effect: 'reads',
    parse: parsePowerTimes,
  },
  /** What it runs on, in the tool's own English. */
  'power-now': {
    os: 'macos',
    programs: ['/usr/bin/pmset'],
    args: ['-g', 'batt'],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    parse: parsePowerNow,
  },
  'sysctl-hardware': {
    os: 'macos',
    programs: SYSCTL,
    args: ['hw.model', 'hw.target', 'hw.optional.arm64', 'kern.osproductversion', 'kern.osversion'],
    deadlineMs: 3_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseHardware,
  },
  /** Beside the version the letter of a background security improvement, which no sysctl tells. */
  'sw-vers': {
    os: 'macos',
    programs: ['/usr/bin/sw_vers'],
    args: [],
    deadlineMs: 3_000,
    privilege: 'user',
    effect: 'reads',
    parse: null,
  },
  /** Which interfaces the system uses, first the one of the default route. */
  'network-order': {
    os: 'macos',
    programs: ['/usr/sbin/scutil'],
    args: ['--nwi'],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseNwi,
  },
  'route-default': {
    os: 'macos',
    programs: ['/sbin/route'],
    args: ['-n', 'get', 'default'],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    parse: null,
  },
  'interfaces-up': {
    os: 'macos',
    programs: ['/sbin/ifconfig'],
    args: ['-u'],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    parse: null,
  },
  'firewall-state': {
    os: 'macos',
    programs: ['/usr/libexec/ApplicationFirewall/socketfilterfw'],
    args: ['--getglobalstate'],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseApplicationFirewall,
  },
  /** One question to Apple's time server, which changes nothing (no -s, no -S). */
  'time-server': {
    os: 'macos',
    programs: ['/usr/bin/sntp'],
    args: ['-t', '3', 'time.apple.com'],
    deadlineMs: 8_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseSntp,
  },
  /**
   * Configurator's list of attached devices, in any mode. It starts agents of a signed-in person: root enters that person's session and
   * becomes that person first (launchctl(1), asuser). It may hang when those agents do: its own limit is 5 s, ours 10 s.
   */
  'cfgutil-list': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: [...AS_PERSON, CFGUTIL, ...CFGUTIL_ARGS],
    deadlineMs: 10_000,
    privilege: 'admin',
    effect: 'reads',
    parse: parseCfgutil,
  },
  /** The same by an agent that is itself the person's. */
  'cfgutil-list-own': {
    os: 'macos',
    programs: [CFGUTIL, CFGUTIL_OLD],
    args: CFGUTIL_ARGS,
    deadlineMs: 10_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseCfgutil,
  },
  /** Snapshots of the system volume: an update that is prepared has one of its own. */
  'system-snapshots': {
    os: 'macos',
    programs: ['/usr/sbin/diskutil'],
    args: ['apfs', 'listSnapshots', '-plist', '/'],
    deadlineMs: 10_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseSnapshots,
  },
  /** The end of the log that Finder's restore writes: the whole may be many MiB. */
  'restore-log-end': {
    os: 'macos',
    programs: ['/usr/bin/tail'],
    args: ['-c', '65536', { param: 'home', after: '/Library/Logs/iPhone Updater Logs/iPhoneUpdater 1.log' }],
    deadlineMs: 4_000,
    privilege: 'user',
    effect: 'reads',
    parse: null,
  },
  ...MACOS_RECOVERY_COMMANDS,
} as const satisfies Record<string, CommandRow>;
