import type { Startable } from '../machine/index.js';

/** One command that a person at the computer can start by `install`, `uninstall` or `status`. Nothing is ever added to its arguments. */
export interface InstallRow extends Startable {
  /** Fixed text only: no parameters here. */
  args: readonly string[];
  /** `reads` changes nothing. */
  effect: 'reads' | 'installs';
}

const SYSTEMCTL = ['/usr/bin/systemctl', '/bin/systemctl'] as const;
const LAUNCHCTL = ['/bin/launchctl'] as const;
const SCHTASKS = ['C:\\Windows\\System32\\schtasks.exe'] as const;
const ICACLS = ['C:\\Windows\\System32\\icacls.exe'] as const;
const POWERSHELL = ['C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe'] as const;

/** systemd's jobs may wait for units that stop within TimeoutStopSec (90 s by default); ours stops within seconds. */
const JOB_MS = 100_000;
const ASK_MS = 15_000;

/**
 * Every command of this room. It is a table of its own, apart from the one that orders reach through fixes: no fix, and so no order, can
 * choose a row of it.
 */
export const INSTALL_COMMANDS = {
  'unit-show': {
    os: 'linux',
    programs: SYSTEMCTL,
    args: ['show', 'lockstep-agent.service', '--no-pager', '--property=LoadState,ActiveState,UnitFileState,MainPID'],
    deadlineMs: ASK_MS,
    effect: 'reads',
  },
  'units-reload': {
    os: 'linux',
    programs: SYSTEMCTL,
    args: ['--no-ask-password', 'daemon-reload'],
    deadlineMs: JOB_MS,
    effect: 'installs',
  },
  'unit-enable': {
    os: 'linux',
    programs: SYSTEMCTL,
    args: ['--no-ask-password', 'enable', 'lockstep-agent.service'],
    deadlineMs: JOB_MS,
    effect: 'installs',
  },
  'unit-restart': {
    os: 'linux',
    programs: SYSTEMCTL,
    args: ['--no-ask-password', 'restart', 'lockstep-agent.service'],
    deadlineMs: JOB_MS,
    effect: 'installs',
  },
  'unit-disable': {
    os: 'linux',
    programs: SYSTEMCTL,
    args: ['--no-ask-password', 'disable', '--now', 'lockstep-agent.service'],
    deadlineMs: JOB_MS,
    effect: 'installs',
  },

  /** Exits with 113 (launchd's "could not find service") when it is not loaded; `pid = N` stands in it while it runs. */
  'daemon-print': { os: 'macos', programs: LAUNCHCTL, args: ['print', 'system/lockstep.agent'], deadlineMs: ASK_MS, effect: 'reads' },
  'daemons-disabled': { os: 'macos', programs: LAUNCHCTL, args: ['print-disabled', 'system'], deadlineMs: ASK_MS, effect: 'reads' },
  'daemon-enable': { os: 'macos', programs: LAUNCHCTL, args: ['enable', 'system/lockstep.agent'], deadlineMs: ASK_MS, effect: 'installs' },
  'daemon-bootstrap': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: ['bootstrap', 'system', '/Library/LaunchDaemons/lockstep.agent.plist'],
    deadlineMs: JOB_MS,
    effect: 'installs',
  },
  'daemon-bootout': {
    os: 'macos',
    programs: LAUNCHCTL,
    args: ['bootout', 'system/lockstep.agent'],
    deadlineMs: JOB_MS,
    effect: 'installs',
  },

  /** Lists the file system's filter drivers, which only an elevated token may; it exists on every Windows since Vista. */
  'elevated-ask': { os: 'windows', programs: ['C:\\Windows\\System32\\fltMC.exe'], args: [], deadlineMs: ASK_MS, effect: 'reads' },
  'task-query': { os: 'windows', programs: SCHTASKS, args: ['/Query', '/TN', '\\Lockstep\\Agent'], deadlineMs: ASK_MS, effect: 'reads' },
  /** A number, whatever the language of the system: TASK_STATE 1 disabled, 2 queued, 3 ready, 4 running. */
  'task-state': {
    os: 'windows',
    programs: POWERSHELL,
    args: [
      '-NoLogo',
      '-NoProfile',
      '-NonInteractive',
      '-Command',
      "[int](Get-ScheduledTask -TaskPath '\\Lockstep\\' -TaskName 'Agent' -ErrorAction Stop).State",
    ],
    deadlineMs: 60_000,
    effect: 'reads',
  },
  /**
   * Anyone may make a folder in ProgramData, and everybody may read what is made there: the folder is taken over and closed to all but
   * SYSTEM (S-1-5-18) and Administrators (S-1-5-32-544) before a key is in it.
   */
  'folder-own': {
    os: 'windows',
    programs: ICACLS,
    args: ['C:\\ProgramData\\Lockstep', '/setowner', '*S-1-5-32-544', '/T', '/C', '/L', '/Q'],
    deadlineMs: JOB_MS,
    effect: 'installs',
  },
  'folder-close': {
    os: 'windows',
    programs: ICACLS,
    args: ['C:\\ProgramData\\Lockstep', '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', '/L', '/Q'],
    deadlineMs: JOB_MS,
    effect: 'installs',
  },
  'folder-inherit': {
    os: 'windows',
    programs: ICACLS,
    args: ['C:\\ProgramData\\Lockstep\\*', '/reset', '/T', '/C', '/L', '/Q'],
    deadlineMs: JOB_MS,
    effect: 'installs',
  },
  'task-create': {
    os: 'windows',
    programs: SCHTASKS,
    args: ['/Create', '/TN', '\\Lockstep\\Agent', '/XML', 'C:\\Program Files\\Lockstep\\agent-task.xml', '/F'],
    deadlineMs: JOB_MS,
    effect: 'installs',
  },
  'task-enable': {
    os: 'windows',
    programs: SCHTASKS,
    args: ['/Change', '/TN', '\\Lockstep\\Agent', '/ENABLE'],
    deadlineMs: JOB_MS,
    effect: 'installs',
  },
  'task-run': { os: 'windows', programs: SCHTASKS, args: ['/Run', '/TN', '\\Lockstep\\Agent'], deadlineMs: JOB_MS, effect: 'installs' },
  'task-end': { os: 'windows', programs: SCHTASKS, args: ['/End', '/TN', '\\Lockstep\\Agent'], deadlineMs: JOB_MS, effect: 'installs' },
  'task-delete': {
    os: 'windows',
    programs: SCHTASKS,
    args: ['/Delete', '/TN', '\\Lockstep\\Agent', '/F'],
    deadlineMs: JOB_MS,
    effect: 'installs',
  },
} as const satisfies Record<string, InstallRow>;

export type InstallCommandId = keyof typeof INSTALL_COMMANDS;

/** The row of a command of this room. */
export function installRow(id: InstallCommandId): InstallRow {
  return INSTALL_COMMANDS[id];
}

/** The command as a person would read it, first choice of program. */
export function commandLine(id: InstallCommandId): string {
  const { programs, args } = installRow(id);
  return [programs[0] ?? '', ...args].map((word) => (/[\s"'()*;]/.test(word) ? JSON.stringify(word) : word)).join(' ');
}
