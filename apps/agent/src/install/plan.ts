import type { Os } from '../machine/index.js';
import { bootTask, TASK_PATH } from './boot-task.js';
import { DAEMON_LOG, DAEMON_PATH, daemonPlist, HELPER_PATH, helperPlist } from './launchd-plists.js';
import type { Program } from './program.js';
import type { InstallCommandId } from './rows.js';
import type { ServiceState } from './service-state.js';
import { SESSION_FOLDER, SESSION_FOLDER_MODE } from './session-note.js';
import { systemdUnit, UNIT_PATH } from './systemd-unit.js';

/** What was found before the first step, and whether a step of this run has changed a file since. */
export interface Found {
  before: ServiceState;
  changed: boolean;
  /** Whether the service manager runs here. */
  manager: boolean;
}

/** One step of installing or removing. Steps whose work is done already are passed over. */
export type Step =
  | { do: 'write'; path: string; mode: number; bytes: Buffer }
  | { do: 'folder'; path: string; mode: number }
  | { do: 'remove'; path: string }
  | { do: 'remove-empty'; path: string }
  /** Removes the agent's folder, once no agent runs on it any more. */
  | { do: 'purge'; path: string }
  | {
      do: 'run';
      id: InstallCommandId;
      /** Whether it is called for. */
      when: (found: Found) => boolean;
      /** Exit codes beside 0 by which it says that there was nothing to do. */
      fine?: readonly number[];
      /** Tried so often, a second apart. */
      tries?: number;
    };

/** The folder of key, spool and journal that the service uses. Kept when the service is removed, unless it is purged. */
export const SERVICE_DIR: Record<Os, string> = {
  linux: '/var/lib/lockstep-agent',
  macos: '/Library/Application Support/Lockstep/agent',
  windows: 'C:\\ProgramData\\Lockstep\\agent',
};

const changed = (found: Found) => found.changed;
const notEnabled = (found: Found) => found.changed || found.before.enabled !== true;
const notRunning = (found: Found) => found.changed || found.before.running !== true;

/** Ownership and access of the folder are set when nothing is installed yet; afterwards they are an administrator's to change. */
const first = (found: Found) => found.changed || !found.before.installed;

/** What has to hold once the agent is installed, in order. */
export function installSteps(os: Os, program: Program): Step[] {
  switch (os) {
    case 'linux':
      return [
        { do: 'write', path: UNIT_PATH, mode: 0o644, bytes: Buffer.from(systemdUnit(program), 'utf8') },
        { do: 'run', id: 'units-reload', when: changed },
        { do: 'run', id: 'unit-enable', when: notEnabled },
        { do: 'run', id: 'unit-restart', when: notRunning },
      ];
    case 'macos':
      return [
        { do: 'folder', path: SESSION_FOLDER, mode: SESSION_FOLDER_MODE },
        { do: 'write', path: DAEMON_PATH, mode: 0o644, bytes: daemonPlist(program) },
        { do: 'write', path: HELPER_PATH, mode: 0o644, bytes: helperPlist(program) },
        { do: 'run', id: 'daemon-enable', when: notEnabled },
        { do: 'run', id: 'daemon-bootout', when: (f) => notRunning(f) && f.before.known === true, fine: NOT_THERE },
        // A service that was booted out takes a moment to go; until then bootstrap says 5 or 37.
        { do: 'run', id: 'daemon-bootstrap', when: notRunning, tries: 10 },
      ];
    case 'windows':
      return [
        { do: 'folder', path: SERVICE_DIR.windows, mode: 0o700 },
        { do: 'run', id: 'folder-own', when: first },
        { do: 'run', id: 'folder-close', when: first },
        { do: 'run', id: 'folder-inherit', when: first },
        { do: 'write', path: TASK_PATH, mode: 0o644, bytes: bootTask(program) },
        { do: 'run', id: 'task-end', when: (f) => f.changed && f.before.running === true },
        { do: 'run', id: 'task-create', when: (f) => f.changed || f.before.known !== true },
        { do: 'run', id: 'task-enable', when: (f) => f.before.known === true && f.before.enabled === false },
        { do: 'run', id: 'task-run', when: notRunning },
      ];
  }
}

/** launchctl: 3 "no such process", 113 "could not find service". */
const NOT_THERE = [3, 113] as const;

/** What takes it away again, in order. `purge`: also key, spool, journal, and copies kept of pair records. */
export function uninstallSteps(os: Os, { purge }: { purge: boolean }): Step[] {
  const there = (found: Found) => found.manager && found.before.known !== false;
  const kept: Step[] = purge ? [{ do: 'purge', path: SERVICE_DIR[os] }] : [];
  switch (os) {
    case 'linux':
      return [
        { do: 'run', id: 'unit-disable', when: there },
        { do: 'remove', path: UNIT_PATH },
        { do: 'run', id: 'units-reload', when: (f) => f.manager && f.changed },
        ...kept,
      ];
    case 'macos':
      return [
        { do: 'run', id: 'daemon-bootout', when: there, fine: NOT_THERE },
        { do: 'remove', path: DAEMON_PATH },
        { do: 'remove', path: HELPER_PATH },
        { do: 'remove', path: SESSION_FOLDER },
        ...kept,
        ...(purge
          ? [{ do: 'remove', path: DAEMON_LOG } as const, { do: 'remove-empty', path: '/Library/Application Support/Lockstep' } as const]
          : []),
      ];
    case 'windows':
      return [
        { do: 'run', id: 'task-end', when: (f) => f.before.running === true },
        { do: 'run', id: 'task-delete', when: there },
        { do: 'remove', path: TASK_PATH },
        { do: 'remove-empty', path: 'C:\\Program Files\\Lockstep' },
        ...kept,
        ...(purge ? [{ do: 'remove-empty', path: 'C:\\ProgramData\\Lockstep' } as const] : []),
      ];
  }
}
