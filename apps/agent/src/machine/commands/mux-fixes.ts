import type { CommandRow } from './row.js';

const SYSTEMCTL = ['/usr/bin/systemctl', '/bin/systemctl'] as const;
const LAUNCHCTL = ['/bin/launchctl'] as const;
const KILL = ['/bin/kill'] as const;
const macos = { os: 'macos', privilege: 'admin', effect: 'acts', parse: null } as const;

/** What fixes of the multiplexer run on macOS and Linux; Windows' are in windows-fixes.ts. */
export const MUX_FIX_COMMANDS = {
  /** launchd starts a job anew that ended, at the next connection to its socket (launchd.plist(5)). */
  'usbmuxd-term': { ...macos, programs: KILL, args: ['-TERM', { param: 'pid' }], deadlineMs: 4_000 },
  'usbmuxd-kill': { ...macos, programs: KILL, args: ['-KILL', { param: 'pid' }], deadlineMs: 4_000 },
  'usbmuxd-kickstart': { ...macos, programs: LAUNCHCTL, args: ['kickstart', 'system/com.apple.usbmuxd'], deadlineMs: 8_000 },
  /** Since macOS 14.4 launchd refuses this for jobs of the system ("1: Operation not permitted"); earlier ones carry it out. */
  'usbmuxd-kickstart-anew': { ...macos, programs: LAUNCHCTL, args: ['kickstart', '-k', 'system/com.apple.usbmuxd'], deadlineMs: 8_000 },
  /** How the distribution starts usbmuxd, and what was added to its unit. */
  'usbmuxd-start-line': {
    os: 'linux',
    programs: SYSTEMCTL,
    args: ['show', 'usbmuxd.service', '--no-pager', '--property=ExecStart,DropInPaths'],
    deadlineMs: 5_000,
    privilege: 'user',
    effect: 'reads',
    parse: null,
  },
  'systemd-reload': {
    os: 'linux',
    programs: SYSTEMCTL,
    args: ['--system', '--no-ask-password', 'daemon-reload'],
    deadlineMs: 25_000,
    privilege: 'admin',
    effect: 'acts',
    parse: null,
  },
} as const satisfies Record<string, CommandRow>;
