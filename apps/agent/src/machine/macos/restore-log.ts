import { linesOf } from '../decode.js';
import { failedEnd } from '../linux/index.js';
import type { Ran } from '../port.js';

/** What the end of a restore's log says. */
export interface RestoreEnd {
  /** The last error number in it; null when it ends without one. */
  lastError: number | null;
}

/** Error numbers that a restore ends with: small ones of iTunes, four digits of the restore library (Apple support, "iOS restore errors"). */
const ERROR = /\b(?:error|fail(?:ed|ure)?)\b[^0-9\n]{0,40}?(?:code[ =:]*)?\b(\d{1,4})\b(?![.:]\d)/i;

/**
 * Reads the end of an iPhoneUpdater log (`tail`). Its lines are English on every Mac and tell progress in words that change; an error is
 * known by its number. A restore that was begun again after an error has not ended with it.
 */
export function readRestoreLog(ran: Ran): RestoreEnd | null {
  if (failedEnd(ran) !== null || ran.exit !== 0) return null;
  let lastError: number | null = null;
  for (const { line, whole } of linesOf(ran.stdout)) {
    if (/\b(Restore|Update) (started|begin)|starting (restore|update)|requested restore behavior/i.test(line)) lastError = null;
    const m = whole ? ERROR.exec(line) : null;
    if (m?.[1] !== undefined && Number(m[1]) > 0) lastError = Number(m[1]);
    else if (/\b(restore|update) (is )?(complete|successful|done)\b/i.test(line)) lastError = null;
  }
  return { lastError };
}
