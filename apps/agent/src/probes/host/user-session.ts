import { type DraftFact, type Machine, readSeat, readSession } from '../../machine/index.js';
import { draft, type HostProbe } from '../probe.js';
import { userSessionRow } from './macos/index.js';
import * as windows from './windows/index.js';

/** Who sits in front of the computer: prompts show in an unlocked session only, and another person's session may own the phone. */
export const userSession: HostProbe = {
  id: 'user-session',
  kinds: ['user-session'],
  cost: 'moderate',
  cadenceMs: 60_000,
  deadlineMs: 8_000,
  rows: {
    linux: { asks: ['seat-show', 'session-show'], privilege: 'user', ask: ({ machine }, signal) => askSeat(machine, signal) },
    macos: userSessionRow,
    windows: windows.userSessionRow,
  },
};

/** The seat says which session is in front; each of its sessions says whether it is a person's, and whether it is locked. */
async function askSeat(machine: Machine, signal: AbortSignal): Promise<DraftFact[]> {
  const seat = readSeat(await machine.run('seat-show', signal));
  if (!seat.read) return [draft.failed('user-session', 'host', seat.reason)];
  let sessions = 0;
  let console: 'active' | 'locked' | 'none' = 'none';
  for (const id of new Set([...seat.sessions, ...(seat.active === null ? [] : [seat.active])])) {
    const shown = readSession(await machine.run('session-show', signal, { session: id }));
    if (!shown.read) {
      // A session in the background that ended meanwhile is not there; the one in front has to be known.
      if (id === seat.active) return [draft.failed('user-session', 'host', shown.reason)];
      continue;
    }
    if (!shown.session.graphical) continue;
    sessions++;
    if (id === seat.active) console = shown.session.locked ? 'locked' : 'active';
  }
  return [draft.seen('user-session', 'host', { console, sessions })];
}
