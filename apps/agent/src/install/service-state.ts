import type { Os, Ran } from '../machine/index.js';
import { TASK_PATH } from './boot-task.js';
import { DAEMON_LABEL, DAEMON_PATH } from './launchd-plists.js';
import type { InstallSystem } from './system.js';
import { UNIT_PATH } from './systemd-unit.js';

/** What the system's service manager says of the agent's service. Null: it could not be told. */
export interface ServiceState {
  /** Its file is there. */
  installed: boolean;
  /** The service manager has read it. */
  known: boolean | null;
  /** It starts with the computer. */
  enabled: boolean | null;
  running: boolean | null;
  pid: number | null;
  /** Why something could not be told; null when everything could. */
  why: string | null;
}

/** The service's file on each system. */
export const SERVICE_FILE: Record<Os, string> = { linux: UNIT_PATH, macos: DAEMON_PATH, windows: TASK_PATH };

/** launchctl's exit code for a service that is not loaded (`launchctl error 113`). */
const NOT_LOADED = 113;

/** TASK_STATE of taskschd.h. */
const TASK = { disabled: 1, running: 4 } as const;

/** Asks the service manager. Changes nothing. */
export async function serviceState(system: InstallSystem): Promise<ServiceState> {
  const installed = system.kindOf(SERVICE_FILE[system.os]) === 'file';
  if (!system.hasManager()) return { installed, ...untold('this computer was not started by systemd') };
  return { installed, ...(await STATES[system.os](system)) };
}

type Told = Omit<ServiceState, 'installed'>;

const STATES: Record<Os, (system: InstallSystem) => Promise<Told>> = {
  async linux(system) {
    const ran = await system.run('unit-show');
    if (!ended(ran, 0)) return untold(saidBy('systemctl show', ran));
    const values = new Map(ran.stdout.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
    const load = values.get('LoadState');
    const active = values.get('ActiveState');
    if (load === undefined || active === undefined) return untold('systemctl show answered in a way that cannot be read');
    const pid = Number(values.get('MainPID') ?? 0);
    return {
      known: load !== 'not-found',
      enabled: /^enabled/.test(values.get('UnitFileState') ?? ''),
      running: active === 'active' || active === 'reloading' || active === 'activating',
      pid: Number.isSafeInteger(pid) && pid > 0 ? pid : null,
      why: null,
    };
  },

  async macos(system) {
    const [print, disabled] = await Promise.all([system.run('daemon-print'), system.run('daemons-disabled')]);
    const loaded = ended(print, 0);
    if (!loaded && !ended(print, NOT_LOADED)) return untold(saidBy('launchctl print', print));
    const pid = loaded ? Number(/^\s*pid = (\d{1,9})$/m.exec(print.stdout)?.[1] ?? 0) : 0;
    const off = new RegExp(`"${DAEMON_LABEL.replaceAll('.', '\\.')}" => (?:true|disabled)`).test(disabled.stdout);
    return {
      known: loaded,
      enabled: ended(disabled, 0) ? !off : null,
      running: pid > 0,
      pid: pid > 0 ? pid : null,
      why: ended(disabled, 0) ? null : saidBy('launchctl print-disabled', disabled),
    };
  },

  async windows(system) {
    const query = await system.run('task-query');
    if (query.failure !== null) return untold(saidBy('schtasks /Query', query));
    // It says 1 both for a task that is not there and for one that this user may not see.
    if (query.exit !== 0)
      return (await system.privileged())
        ? { known: false, enabled: false, running: false, pid: null, why: null }
        : untold('only an elevated administrator sees the task');
    const state = await system.run('task-state');
    const number = /^\s*([0-4])\s*$/.exec(state.stdout)?.[1];
    if (!ended(state, 0) || number === undefined) return { ...untold(saidBy('Get-ScheduledTask', state)), known: true };
    return { known: true, enabled: Number(number) !== TASK.disabled, running: Number(number) === TASK.running, pid: null, why: null };
  },
};

function untold(why: string): Told {
  return { known: null, enabled: null, running: null, pid: null, why };
}

function ended(ran: Ran, exit: number): boolean {
  return ran.failure === null && ran.exit === exit;
}

/** Why a command did not do what it should, in words: its own first line, cut. */
export function saidBy(name: string, ran: Ran): string {
  if (ran.failure !== null) return `${name}: ${ran.failure}`;
  const line = (ran.stderr.trim() || ran.stdout.trim()).split(/\r?\n/)[0] ?? '';
  return `${name}: exit ${ran.exit ?? '?'}${line === '' ? '' : `: ${line.slice(0, 200)}`}`;
}
