import type { CommandRow } from './row.js';
import { asked, POWERSHELL } from './windows.js';
import {
  WINDOWS_LOCATION_RESTART,
  WINDOWS_METRIC,
  WINDOWS_METRIC_AUTOMATIC,
  WINDOWS_NAMES_RULE,
  WINDOWS_RESPONDER,
  WINDOWS_RESPONDER_RESTART,
} from './windows-network-scripts.js';

const SYSTEMCTL = ['/usr/bin/systemctl', '/bin/systemctl'] as const;
const TIMEDATECTL = ['/usr/bin/timedatectl', '/bin/timedatectl'] as const;
const KILLALL = ['/usr/bin/killall'] as const;
const FIREWALL_CMD = ['/usr/bin/firewall-cmd'] as const;
const UFW = ['/usr/sbin/ufw'] as const;
const W32TM = ['C:\\Windows\\System32\\w32tm.exe'] as const;

const linux = { os: 'linux', privilege: 'admin', effect: 'acts', parse: null } as const;
const macos = { os: 'macos', privilege: 'admin', effect: 'acts', parse: null } as const;
const windows = { os: 'windows', privilege: 'admin', effect: 'acts', parse: null } as const;
/** A cold PowerShell on a busy computer, and a service that takes its time. */
const POWERSHELL_MS = 25_000;

/** What fixes of the network run, on every system. */
export const NETWORK_FIX_COMMANDS = {
  /** Names that systemd-resolved remembers (resolvectl(1)); not every computer has it. */
  'resolved-flush': { ...linux, programs: ['/usr/bin/resolvectl'], args: ['flush-caches'], deadlineMs: 5_000 },
  'avahi-restart': { ...linux, programs: SYSTEMCTL, args: ['--no-ask-password', 'restart', 'avahi-daemon.service'], deadlineMs: 15_000 },
  /** Names that Directory Services remembers (dscacheutil(1)). */
  'dns-cache-flush': { ...macos, programs: ['/usr/bin/dscacheutil'], args: ['-flushcache'], deadlineMs: 5_000 },
  /** mDNSResponder forgets what it knows and asks anew at SIGHUP (mDNSResponder(8)); it is not ended. */
  'responder-hup': { ...macos, programs: KILLALL, args: ['-HUP', 'mDNSResponder'], deadlineMs: 5_000 },
  /** Starts it where it does not run; a running one is left alone (launchctl(1): only -k ends it first). */
  'responder-kickstart': {
    ...macos,
    programs: ['/bin/launchctl'],
    args: ['kickstart', 'system/com.apple.mDNSResponder'],
    deadlineMs: 8_000,
  },
  'windows-responder': {
    ...windows,
    effect: 'reads',
    programs: POWERSHELL,
    args: asked(WINDOWS_RESPONDER),
    deadlineMs: 15_000,
    costly: true,
  },
  'names-flush': { ...windows, programs: ['C:\\Windows\\System32\\ipconfig.exe'], args: ['/flushdns'], deadlineMs: 8_000 },
  'bonjour-restart': { ...windows, programs: POWERSHELL, args: asked(WINDOWS_RESPONDER_RESTART), deadlineMs: POWERSHELL_MS },
  'names-rule-add': { ...windows, programs: POWERSHELL, args: asked(WINDOWS_NAMES_RULE), deadlineMs: POWERSHELL_MS },
  /** `running`, or exit code 252 where firewalld is installed and does not run (firewall-cmd(1)). */
  'firewalld-state': { ...linux, effect: 'reads', programs: FIREWALL_CMD, args: ['--state'], deadlineMs: 8_000 },
  /** Each zone in use, and its interfaces on the indented lines below it. */
  'firewalld-zones': { ...linux, effect: 'reads', programs: FIREWALL_CMD, args: ['--get-active-zones'], deadlineMs: 8_000 },
  /** Now, and from the next start of firewalld on; the service `mdns` is UDP 5353 to the groups of multicast DNS and nothing else. */
  'firewalld-names-now': {
    ...linux,
    programs: FIREWALL_CMD,
    args: [{ param: 'zone', before: '--zone=' }, '--add-service=mdns'],
    deadlineMs: 10_000,
  },
  'firewalld-names-kept': {
    ...linux,
    programs: FIREWALL_CMD,
    args: ['--permanent', { param: 'zone', before: '--zone=' }, '--add-service=mdns'],
    deadlineMs: 10_000,
  },
  /** `Status: active` in English whatever the locale, which is C here (ufw(8)). */
  'ufw-status': { ...linux, effect: 'reads', programs: UFW, args: ['status'], deadlineMs: 8_000 },
  /** On one interface. A rule that is there already is left as it is. `ufw delete allow in on … ` takes it back. */
  'ufw-names': {
    ...linux,
    programs: UFW,
    args: ['allow', 'in', 'on', { param: 'iface' }, 'proto', 'udp', 'to', 'any', 'port', '5353', 'comment', 'Lockstep mDNS-In'],
    deadlineMs: 10_000,
  },
  /** Asks Apple's time server and sets the clock at once by what it says (sntp(1), as Apple ships it). */
  'clock-set': { ...macos, programs: ['/usr/bin/sntp'], args: ['-sS', 'time.apple.com'], deadlineMs: 12_000 },
  /** The time service is started by need on computers of no domain: mostly it does not run. Exit code 1056: it runs already. */
  'time-service-start': { ...windows, programs: ['C:\\Windows\\System32\\sc.exe'], args: ['start', 'w32time'], deadlineMs: 10_000 },
  'time-resync': { ...windows, programs: W32TM, args: ['/resync', '/force'], deadlineMs: 20_000 },
  /** Switches on whichever time service is installed (timedatectl(1)). */
  'ntp-on': { ...linux, programs: TIMEDATECTL, args: ['--no-ask-password', 'set-ntp', 'true'], deadlineMs: 10_000 },
  /** A running timesyncd asks at once when it is started anew. */
  'timesyncd-restart': {
    ...linux,
    programs: SYSTEMCTL,
    args: ['--no-ask-password', 'try-restart', 'systemd-timesyncd.service'],
    deadlineMs: 15_000,
  },
  /** chrony slews by itself, which takes hours for minutes; this has it jump (chronyc(1)). */
  'chrony-step': { ...linux, programs: ['/usr/bin/chronyc'], args: ['makestep'], deadlineMs: 8_000 },
  /** launchd starts it anew at once. */
  'locationd-term': { ...macos, programs: KILLALL, args: ['-TERM', 'locationd'], deadlineMs: 5_000 },
  'location-restart': { ...windows, programs: POWERSHELL, args: asked(WINDOWS_LOCATION_RESTART), deadlineMs: POWERSHELL_MS },
  /** Started by need, so only a running one is started anew. */
  'geoclue-restart': { ...linux, programs: SYSTEMCTL, args: ['--no-ask-password', 'try-restart', 'geoclue.service'], deadlineMs: 15_000 },
  'metric-set': {
    ...windows,
    programs: POWERSHELL,
    args: [...asked(WINDOWS_METRIC), { param: 'metric' }, '-InterfaceIndex', { param: 'ifindex' }],
    deadlineMs: POWERSHELL_MS,
  },
  'metric-automatic': {
    ...windows,
    programs: POWERSHELL,
    args: [...asked(WINDOWS_METRIC_AUTOMATIC), { param: 'ifindex' }],
    deadlineMs: POWERSHELL_MS,
  },
} as const satisfies Record<string, CommandRow>;
