import type { FailReason } from '@lockstep/core/health';
import type { Ran } from '../port.js';
import { failedEnd } from './journal.js';

/** How idevicerestore ended. */
export type Restored =
  | { ended: 'done' }
  /** `code`: a number that it told. */
  | { ended: 'error'; code: number | null }
  /** It does not know one of the options: nothing was begun. */
  | { ended: 'too-old' }
  /** It came to no end of its own. */
  | { ended: 'unread'; reason: FailReason };

/**
 * Reads how idevicerestore ended: 0 is success (idevicerestore.c, main). It is English everywhere. An option that it does not know ends it
 * with its usage, before it looks for a phone.
 */
export function readRestored(ran: Ran): Restored {
  const failed = failedEnd(ran);
  if (failed) return { ended: 'unread', reason: failed };
  if (ran.exit === 0) return { ended: 'done' };
  if (/^Usage: \S+ \[OPTIONS\]/m.test(ran.stderr)) return { ended: 'too-old' };
  const numbers = [...`${ran.stdout}\n${ran.stderr}`.matchAll(/\berror(?: code)?[ :=(]{1,3}(-?\d{1,5})\b/gi)];
  const last = numbers.at(-1)?.[1];
  return { ended: 'error', code: last === undefined ? null : Number(last) };
}
