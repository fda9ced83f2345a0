import {
  parseAvahi,
  parseChrony,
  parseDpkg,
  parseIptables,
  parseKernelLog,
  parseMuxLog,
  parseNeedsRestarting,
  parseNft,
  parsePacman,
  parseProcesses,
  parseResume,
  parseRpm,
  parseSeat,
  parseSession,
  parseSystemctlShow,
  parseTimesync,
  parseUsbguard,
  parseUsbmuxdVersion,
} from '../linux/index.js';
import { LINUX_RECOVERY_COMMANDS } from './linux-recovery.js';
import type { CommandRow } from './row.js';

const SYSTEMCTL = ['/usr/bin/systemctl', '/bin/systemctl'] as const;
const JOURNALCTL = ['/usr/bin/journalctl', '/bin/journalctl'] as const;
const LOGINCTL = ['/usr/bin/loginctl', '/bin/loginctl'] as const;
const PACKAGE_MS = 10_000;
/** A bus that resets itself ten times a second fills half an hour of the kernel's log with some MiB. */
const LOG_BYTES = 8_388_608;

/** Every command this agent can ever run on Linux. */
export const LINUX_COMMANDS = {
  /**
   * The unit's state as key=value lines: `show` is systemctl's documented machine-readable output and never starts anything.
   * D-Bus calls time out after 25 s by default; a healthy answer takes milliseconds, so 5 s is silence.
   */
  'usbmuxd-show': {
    os: 'linux',
    programs: SYSTEMCTL,
    args: ['show', 'usbmuxd.service', '--no-pager', '--property=LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,Result'],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseSystemctlShow,
  },
  /** usbmuxd stops on SIGTERM within a second or two; the fix as a whole has 45 s. */
  'usbmuxd-restart': {
    os: 'linux',
    programs: SYSTEMCTL,
    args: ['--no-ask-password', 'restart', 'usbmuxd.service'],
    deadlineMs: 25_000,
    privilege: 'admin',
    effect: 'acts',
    parse: null,
  },
  /** The kernel's messages of this boot within half an hour, as JSON: `--since` keeps it short, `--output-fields` small. */
  'journal-kernel': {
    os: 'linux',
    programs: JOURNALCTL,
    args: ['--dmesg', '--boot', '--no-pager', '--output=json', '--output-fields=MESSAGE', '--since=-30min'],
    deadlineMs: 15_000,
    privilege: 'admin',
    effect: 'reads',
    outputBytes: LOG_BYTES,
    parse: parseKernelLog,
  },
  /** Whether there is a journal at all: the kernel always said something since it started. */
  'journal-any': {
    os: 'linux',
    programs: JOURNALCTL,
    args: ['--dmesg', '--boot', '--no-pager', '--output=json', '--output-fields=MESSAGE', '--lines=1'],
    deadlineMs: 8_000,
    privilege: 'admin',
    effect: 'reads',
    parse: null,
  },
  /** usbmuxd's own messages within two hours. */
  'journal-usbmuxd': {
    os: 'linux',
    programs: JOURNALCTL,
    args: ['--unit=usbmuxd.service', '--no-pager', '--output=json', '--output-fields=MESSAGE', '--since=-2h'],
    deadlineMs: 15_000,
    privilege: 'admin',
    effect: 'reads',
    outputBytes: LOG_BYTES,
    parse: parseMuxLog,
  },
  /** The last entry that says "back from sleep": SD_MESSAGE_SLEEP_STOP of systemd's sd-messages.h. */
  'journal-resume': {
    os: 'linux',
    programs: JOURNALCTL,
    args: ['--boot', '--no-pager', '--output=json', '--output-fields=MESSAGE', '--lines=1', 'MESSAGE_ID=8811e6df2a8e40f58a94cea26f8ebf14'],
    deadlineMs: 8_000,
    privilege: 'admin',
    effect: 'reads',
    parse: parseResume,
  },
  /** Which session is in front at the computer's own screen and keyboard (loginctl(1)). */
  'seat-show': {
    os: 'linux',
    programs: LOGINCTL,
    args: ['show-seat', 'seat0', '--no-pager', '--property=ActiveSession', '--property=Sessions'],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseSeat,
  },
  'session-show': {
    os: 'linux',
    programs: LOGINCTL,
    args: [
      'show-session',
      { param: 'session' },
      '--no-pager',
      '--property=Type',
      '--property=Class',
      '--property=Remote',
      '--property=LockedHint',
    ],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseSession,
  },
  /** How far the clock is off, as chrony measured it. Asks the local daemon, not the network. */
  'chrony-tracking': {
    os: 'linux',
    programs: ['/usr/bin/chronyc'],
    args: ['-n', '-c', 'tracking'],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseChrony,
  },
  /** The last answer that systemd-timesyncd got. */
  'timesync-show': {
    os: 'linux',
    programs: ['/usr/bin/timedatectl', '/bin/timedatectl'],
    args: ['show-timesync', '--no-pager', '--property=NTPMessage'],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseTimesync,
  },
  /** Fedora and its kin; reads the package database, which takes seconds. */
  'needs-restarting': {
    os: 'linux',
    programs: ['/usr/bin/needs-restarting'],
    args: ['-r'],
    deadlineMs: 30_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseNeedsRestarting,
  },
  /** Devices that usbguard keeps out now. */
  'usbguard-blocked': {
    os: 'linux',
    programs: ['/usr/bin/usbguard'],
    args: ['list-devices', '--blocked'],
    deadlineMs: 5_000,
    privilege: 'admin',
    effect: 'reads',
    parse: parseUsbguard,
  },
  /** Every process by number, owner, state and name. Never arguments: they are other people's. */
  'process-names': {
    os: 'linux',
    programs: ['/usr/bin/ps', '/bin/ps'],
    args: ['-eo', 'pid=,euid=,state=,comm='],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseProcesses,
  },
  'dpkg-versions': {
    os: 'linux',
    programs: ['/usr/bin/dpkg-query'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format.
    args: ['--show', '--showformat=${Package}\\t${Version}\\t${db:Status-Status}\\n', 'usbmuxd', 'libimobiledevice*'],
    deadlineMs: PACKAGE_MS,
    privilege: 'user',
    effect: 'reads',
    parse: parseDpkg,
  },
  'rpm-versions': {
    os: 'linux',
    programs: ['/usr/bin/rpm', '/bin/rpm'],
    args: ['--query', '--queryformat=%{NAME}\\t%{VERSION}-%{RELEASE}\\n', 'usbmuxd', 'libimobiledevice'],
    deadlineMs: PACKAGE_MS,
    privilege: 'user',
    effect: 'reads',
    parse: parseRpm,
  },
  'pacman-versions': {
    os: 'linux',
    programs: ['/usr/bin/pacman'],
    args: ['-Q', 'usbmuxd', 'libimobiledevice'],
    deadlineMs: PACKAGE_MS,
    privilege: 'user',
    effect: 'reads',
    parse: parsePacman,
  },
  'usbmuxd-version': {
    os: 'linux',
    programs: ['/usr/sbin/usbmuxd', '/usr/local/sbin/usbmuxd'],
    args: ['--version'],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseUsbmuxdVersion,
  },
  'avahi-show': {
    os: 'linux',
    programs: SYSTEMCTL,
    args: [
      'show',
      'avahi-daemon.service',
      '--no-pager',
      '--property=LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,Result',
    ],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: parseAvahi,
  },
  /** The packet filter's rules as JSON; rules made through iptables-nft, ufw and firewalld stand in it too. */
  'nft-rules': {
    os: 'linux',
    programs: ['/usr/sbin/nft', '/sbin/nft'],
    args: ['--json', 'list', 'ruleset'],
    deadlineMs: 8_000,
    privilege: 'admin',
    effect: 'reads',
    parse: parseNft,
  },
  'iptables-input': {
    os: 'linux',
    programs: ['/usr/sbin/iptables', '/sbin/iptables'],
    args: ['--list-rules', 'INPUT'],
    deadlineMs: 8_000,
    privilege: 'admin',
    effect: 'reads',
    parse: parseIptables,
  },
  ...LINUX_RECOVERY_COMMANDS,
} as const satisfies Record<string, CommandRow>;
