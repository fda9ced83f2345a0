import type { FailReason, Reading } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import { failedEnd } from '../linux/index.js';
import { PARAMS } from '../params.js';
import { isDict } from '../plist/index.js';
import type { Ran } from '../port.js';
import { readRegistry, truth, whole } from './registry.js';

/** Who sits in front. */
export type Console =
  | { read: true; reading: Reading<'user-session'> /** The person in front, never root; null when nobody is. */; uid: string | null }
  | { read: false; reason: FailReason };

/**
 * Reads `ioreg -a -n Root -d1`: IOConsoleUsers lists the graphical sessions (Apple, Technical Q&A QA1133), one of which is on the console.
 * The list is there and empty, or missing, when nobody is signed in. A screen that is not locked says nothing about it in some releases.
 * At the login window root is listed, before anybody has signed in: that is nobody.
 */
export function readConsole(ran: Ran): Console {
  const registry = readRegistry(ran);
  if (!registry.read) return registry;
  const root = registry.entries[0];
  // The root entry always says of which kernel it is.
  if (!root || root.IOKitBuildVersion === undefined) return { read: false, reason: 'garbage' };
  const listed = root.IOConsoleUsers;
  if (listed !== undefined && !Array.isArray(listed)) return { read: false, reason: 'garbage' };
  const people = (listed ?? [])
    .filter((u) => isDict(u))
    .filter((u) => (whole(u.kCGSSessionUserIDKey) ?? 0) > 0 && truth(u.kCGSessionLoginDoneKey) !== false);
  const front = people.find((u) => truth(u.kCGSSessionOnConsoleKey) === true);
  const locked = front && (truth(front.CGSSessionScreenIsLocked) ?? truth(root.IOConsoleLocked) ?? false);
  const uid = front ? String(whole(front.kCGSSessionUserIDKey)) : '';
  return {
    read: true,
    reading: { console: front ? (locked ? 'locked' : 'active') : 'none', sessions: people.length },
    uid: PARAMS.uid(uid) ? uid : null,
  };
}

/** The fact in the sessions. */
export function parseConsole(ran: Ran): DraftFact[] {
  const console = readConsole(ran);
  if (!console.read) return [{ kind: 'user-session', subject: 'host', state: 'failed', reason: console.reason }];
  return [{ kind: 'user-session', subject: 'host', state: 'seen', reading: console.reading }];
}

/** A person's short name and home folder; they fill places in the tables of files and leave the computer nowhere. */
export type Account = { read: true; account: string; home: string } | { read: false; reason: FailReason };

/** Reads `dscacheutil -q user -a uid N`: `key: value` lines, nothing at all for a number nobody has. */
export function readAccount(ran: Ran): Account {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const value = (key: string) =>
    linesOf(ran.stdout)
      .find(({ line }) => line.startsWith(`${key}: `))
      ?.line.slice(key.length + 2)
      .trim() ?? '';
  const account = value('name');
  const home = value('dir');
  if (ran.exit !== 0 || account === '') return { read: false, reason: 'garbage' };
  // A folder whose name cannot stand in the table of files is not looked into.
  return PARAMS.account(account) && PARAMS.home(home) ? { read: true, account, home } : { read: false, reason: 'unsupported' };
}
