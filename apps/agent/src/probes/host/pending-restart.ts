import { type DraftFact, type Machine, parseNeedsRestarting, ReadFailed, restartReasons } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { pendingRestartRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** Does the system wait for a restart? */
export const pendingRestart: HostProbe = {
  id: 'pending-restart',
  kinds: ['pending-restart'],
  cost: 'moderate',
  cadenceMs: 30 * 60_000,
  deadlineMs: 35_000,
  rows: {
    linux: {
      asks: ['restart-note', 'restart-packages', 'restart-hook', 'needs-restarting'],
      privilege: 'user',
      ask: ({ machine }, signal) => askLinux(machine, signal),
    },
    macos: pendingRestartRow,
    windows: windows.pendingRestartRow,
  },
};

/**
 * Debian and its kin leave a note when a package wants a restart, as long as a hook for it is installed; Fedora and its kin have a tool.
 * Where there is neither, nobody knows.
 */
async function askLinux(machine: Machine, signal: AbortSignal): Promise<DraftFact[]> {
  const note = await orNull(machine.stat('restart-note'));
  if (note) {
    const reasons = restartReasons((await orNull(machine.readFile('restart-packages'))) ?? '');
    // A day at a time: the fact would else be another one at every look.
    const days = Math.max(0, Math.floor((machine.now() - note.modifiedAt) / 86_400_000));
    return [draft.seen('pending-restart', 'host', { pending: true, reasons, sinceS: days * 86_400 })];
  }
  const ran = await machine.run('needs-restarting', signal);
  if (ran.failure !== 'missing-tool') return parseNeedsRestarting(ran);
  if (await orNull(machine.stat('restart-hook')))
    return [draft.seen('pending-restart', 'host', { pending: false, reasons: [], sinceS: null })];
  return [draft.failed('pending-restart', 'host', 'missing-tool')];
}

async function orNull<T>(look: Promise<T>): Promise<T | null> {
  try {
    return await look;
  } catch (e) {
    if (e instanceof ReadFailed && e.reason === 'missing') return null;
    throw e;
  }
}
