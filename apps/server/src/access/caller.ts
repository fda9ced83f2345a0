import { ROLES } from '@lockstep/core/fixes';
import { ProblemError } from '../platform/index.js';

export type Role = (typeof ROLES)[number];

/** Who asks: a person with a browser session, or a program with an API token. */
export interface Caller {
  kind: 'person' | 'token';
  id: string;
  name: string;
  role: Role;
  /** The browser session, for persons: it may end while a socket of it is open. */
  sessionId: string | null;
}

/** What each role may do that the one before may not: see; order fixes; enrol computers and hand out tokens. */
const RANK: Record<Role, number> = { viewer: 0, technician: 1, admin: 2 };

/** True when `role` may do what needs `needed`. */
export function mayAct(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}

/**
 * Refuses programs where a person has to answer for what is done: with a token somebody could make themselves a second person.
 * @throws ProblemError 403 `person-required`
 */
export function personOnly(caller: Caller): void {
  if (caller.kind === 'person') return;
  throw new ProblemError(403, 'person-required', 'Only a person who is signed in can do this, not an API token.');
}
