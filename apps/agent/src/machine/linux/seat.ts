import type { FailReason } from '@lockstep/core/health';
import { propertiesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { failedEnd } from './journal.js';

/** logind's session ids (systemd-logind: letters and digits). */
const SESSION = /^[A-Za-z0-9]{1,16}$/;
/** More sessions at one seat than a computer has people. */
const MAX_SESSIONS = 16;

export type Seat = { read: true; active: string | null; sessions: string[] } | { read: false; reason: FailReason };

/** Reads `loginctl show-seat seat0`. A computer without a seat (a server) has nobody in front of it. */
export function readSeat(ran: Ran): Seat {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  if (ran.exit !== 0) {
    if (/no seat|unknown seat|not known/i.test(ran.stderr)) return { read: true, active: null, sessions: [] };
    return { read: false, reason: busTrouble(ran.stderr) };
  }
  const properties = propertiesOf(ran.stdout);
  const active = properties.get('ActiveSession');
  const listed = properties.get('Sessions');
  if (active === undefined && listed === undefined) return { read: false, reason: 'garbage' };
  const sessions = (listed ?? '').split(/\s+/).filter((s) => SESSION.test(s));
  return { read: true, active: active && SESSION.test(active) ? active : null, sessions: sessions.slice(0, MAX_SESSIONS) };
}

/** One session, as far as it matters who looks at the screen. */
export interface Session {
  /** A person's own graphical session: not the login screen, not a text console, not over the network. */
  graphical: boolean;
  locked: boolean;
}

export type SessionShown = { read: true; session: Session } | { read: false; reason: FailReason };

/** Reads `loginctl show-session`. A session that ended meanwhile is `missing` as `unreachable`. */
export function readSession(ran: Ran): SessionShown {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  if (ran.exit !== 0) return { read: false, reason: /no session|not known/i.test(ran.stderr) ? 'unreachable' : busTrouble(ran.stderr) };
  const p = propertiesOf(ran.stdout);
  const type = p.get('Type');
  const kind = p.get('Class');
  if (type === undefined || kind === undefined) return { read: false, reason: 'garbage' };
  return {
    read: true,
    session: {
      graphical: kind === 'user' && (type === 'x11' || type === 'wayland' || type === 'mir') && p.get('Remote') !== 'yes',
      locked: p.get('LockedHint') === 'yes',
    },
  };
}

/** The fact in the seat alone: only that nobody is in front can be told without looking at the session. */
export function parseSeat(ran: Ran): DraftFact[] {
  const seat = readSeat(ran);
  if (!seat.read) return [{ kind: 'user-session', subject: 'host', state: 'failed', reason: seat.reason }];
  if (seat.active !== null) return [];
  return [{ kind: 'user-session', subject: 'host', state: 'seen', reading: { console: 'none', sessions: 0 } }];
}

/** The fact in one session, as if it were the only one and in front. */
export function parseSession(ran: Ran): DraftFact[] {
  const shown = readSession(ran);
  if (!shown.read) return [{ kind: 'user-session', subject: 'host', state: 'failed', reason: shown.reason }];
  const { graphical, locked } = shown.session;
  const reading = graphical
    ? ({ console: locked ? 'locked' : 'active', sessions: 1 } as const)
    : ({ console: 'none', sessions: 0 } as const);
  return [{ kind: 'user-session', subject: 'host', state: 'seen', reading }];
}

/** systemd's words under the C locale when D-Bus or logind is not there; its exit code is 1 for all. */
export function busTrouble(stderr: string): FailReason {
  if (/access denied|permission denied|not permitted|interactive authentication required/i.test(stderr)) return 'denied';
  if (/failed to connect|not been booted with systemd|host is down|no such file or directory|timed out|not activatable/i.test(stderr))
    return 'unreachable';
  return 'garbage';
}
