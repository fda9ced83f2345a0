import { AS_PERSON } from './macos-recovery.js';
import type { CommandRow } from './row.js';
import { asked, POWERSHELL } from './windows.js';
import {
  WINDOWS_APPLE_PROGRAMS,
  WINDOWS_INSTALL_DEVICES,
  WINDOWS_INSTALLER,
  WINDOWS_INSTALLER_FORGET,
  WINDOWS_UNINSTALL,
  WINDOWS_UPGRADE_DEVICES,
  WINDOWS_UPGRADE_ITUNES,
  WINDOWS_UPGRADE_STORE_ITUNES,
  WINDOWS_UPGRADE_SUPPORT,
} from './windows-software-scripts.js';

const LAUNCHCTL = ['/bin/launchctl'] as const;
const KILL = ['/bin/kill'] as const;
/** Where macOS keeps the plists of agents that every session has. */
const AGENTS = '/System/Library/LaunchAgents';
const DISCOVERY = 'com.apple.AMPDeviceDiscoveryAgent';
const DEVICES = 'com.apple.AMPDevicesAgent';
const UPDATER = 'com.apple.mobiledeviceupdater';

const macos = { os: 'macos', privilege: 'user', effect: 'acts', deadlineMs: 5_000, parse: null } as const;
const windows = { os: 'windows', privilege: 'admin', effect: 'acts', parse: null } as const;

/** `gui/501/LABEL`: an agent in the session of one person (launchctl(1)). */
const inSession = (label: string) => ({ param: 'uid', before: 'gui/', after: `/${label}` }) as const;
const session = { param: 'uid', before: 'gui/' } as const;
/** `defaults`, as the person whose preferences they are: cfprefsd of that session writes them (defaults(1)). */
const defaults = (...args: readonly string[]) =>
  ({ ...macos, privilege: 'admin', programs: LAUNCHCTL, args: [...AS_PERSON, '/usr/bin/defaults', ...args] }) as const;

/** A cold PowerShell on a busy computer, and its module for tasks. */
const POWERSHELL_MS = 25_000;
const starts = (text: string) => ({ ...windows, programs: POWERSHELL, args: asked(text), deadlineMs: POWERSHELL_MS }) as const;

/** What fixes of Apple's agents, their preferences and Apple's programs run. */
export const SERVICES_FIX_COMMANDS = {
  /** Ends the agent where it runs, and starts it (launchctl(1), kickstart -k). Of a person's session: launchd refuses it for some of its own. */
  'discovery-agent-anew': { ...macos, programs: LAUNCHCTL, args: ['kickstart', '-k', inSession(DISCOVERY)] },
  'devices-agent-anew': { ...macos, programs: LAUNCHCTL, args: ['kickstart', '-k', inSession(DEVICES)] },
  'updater-agent-anew': { ...macos, programs: LAUNCHCTL, args: ['kickstart', '-k', inSession(UPDATER)] },
  /** Starts it; one that runs is left alone. */
  'discovery-agent-start': { ...macos, programs: LAUNCHCTL, args: ['kickstart', inSession(DISCOVERY)] },
  'devices-agent-start': { ...macos, programs: LAUNCHCTL, args: ['kickstart', inSession(DEVICES)] },
  'updater-agent-start': { ...macos, programs: LAUNCHCTL, args: ['kickstart', inSession(UPDATER)] },
  /** launchd starts an agent anew when it is needed next. */
  'agent-term': { ...macos, programs: KILL, args: ['-TERM', { param: 'pid' }] },
  /** What was held stopped (SIGSTOP) goes on. */
  'program-continue': { ...macos, programs: KILL, args: ['-CONT', { param: 'pid' }] },
  /** Takes back that an agent was switched off, and lets the session know it again: without that it takes a new sign-in. */
  'discovery-agent-enable': { ...macos, programs: LAUNCHCTL, args: ['enable', inSession(DISCOVERY)] },
  'devices-agent-enable': { ...macos, programs: LAUNCHCTL, args: ['enable', inSession(DEVICES)] },
  'updater-agent-enable': { ...macos, programs: LAUNCHCTL, args: ['enable', inSession(UPDATER)] },
  'discovery-agent-load': { ...macos, programs: LAUNCHCTL, args: ['bootstrap', session, `${AGENTS}/${DISCOVERY}.plist`] },
  'devices-agent-load': { ...macos, programs: LAUNCHCTL, args: ['bootstrap', session, `${AGENTS}/${DEVICES}.plist`] },
  'updater-agent-load': { ...macos, programs: LAUNCHCTL, args: ['bootstrap', session, `${AGENTS}/${UPDATER}.plist`] },
  /** The way back. */
  'discovery-agent-disable': { ...macos, programs: LAUNCHCTL, args: ['disable', inSession(DISCOVERY)] },
  'devices-agent-disable': { ...macos, programs: LAUNCHCTL, args: ['disable', inSession(DEVICES)] },
  'updater-agent-disable': { ...macos, programs: LAUNCHCTL, args: ['disable', inSession(UPDATER)] },
  'hide-everywhere-delete': defaults('delete', '-g', 'ignore-devices'),
  'hide-helper-delete': defaults('delete', 'com.apple.iTunesHelper', 'ignore-devices'),
  'hide-discovery-delete': defaults('delete', DISCOVERY, 'ignore-devices'),
  'hide-reveal-delete': defaults('delete', DISCOVERY, 'reveal-devices'),
  /** The way back: what they were, which is the one value that hides phones. */
  'hide-everywhere-write': defaults('write', '-g', 'ignore-devices', '-bool', 'true'),
  'hide-helper-write': defaults('write', 'com.apple.iTunesHelper', 'ignore-devices', '-bool', 'true'),
  'hide-discovery-write': defaults('write', DISCOVERY, 'ignore-devices', '-bool', 'true'),
  'hide-reveal-write': defaults('write', DISCOVERY, 'reveal-devices', '-bool', 'false'),
  /** Which of Apple's programs are installed and by what, what runs, and who sits in front. */
  'apple-programs': {
    ...windows,
    effect: 'reads',
    programs: POWERSHELL,
    args: asked(WINDOWS_APPLE_PROGRAMS),
    deadlineMs: 20_000,
    costly: true,
  },
  /** Each starts one installer, which Windows runs; how it ends is asked apart. */
  'itunes-upgrade': starts(WINDOWS_UPGRADE_ITUNES),
  'support-upgrade': starts(WINDOWS_UPGRADE_SUPPORT),
  'devices-upgrade': starts(WINDOWS_UPGRADE_DEVICES),
  'devices-install': starts(WINDOWS_INSTALL_DEVICES),
  'store-itunes-upgrade': starts(WINDOWS_UPGRADE_STORE_ITUNES),
  'program-uninstall': {
    ...windows,
    programs: POWERSHELL,
    args: [...asked(WINDOWS_UNINSTALL), { param: 'product', before: "'", after: "'" }],
    deadlineMs: POWERSHELL_MS,
  },
  'installer-state': { ...starts(WINDOWS_INSTALLER), effect: 'reads' },
  'installer-forget': starts(WINDOWS_INSTALLER_FORGET),
} as const satisfies Record<string, CommandRow>;
