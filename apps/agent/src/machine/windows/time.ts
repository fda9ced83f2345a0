import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import type { Skew } from '../linux/index.js';
import type { Ran } from '../port.js';

/**
 * Reads `w32tm /stripchart … /dataonly`: one line `10:00:00, +00.0123456s` with what the server's clock is ahead of this computer's, or
 * `10:00:00, error: 0x800705B4` in whatever language. Only the numbers are read.
 */
export function readWindowsTime(ran: Ran): Skew {
  if (ran.failure) return { read: false, reason: ran.failure };
  let error = false;
  for (const { line, whole } of linesOf(ran.stdout)) {
    // Half a number is a wrong number: the unit at its end has to be there.
    const ahead = /,\s*([+-]\d{1,10}[.,]\d{1,9})s\s*$/.exec(line)?.[1];
    if (ahead !== undefined) return { read: true, skewS: -Number(ahead.replace(',', '.')) };
    if (whole && /0x800[0-9a-f]{5}/i.test(line)) error = true;
  }
  if (/0x80070005/i.test(ran.stdout)) return { read: false, reason: 'denied' };
  return { read: false, reason: error || (ran.exit !== 0 && ran.stdout.trim() !== '') ? 'unreachable' : 'garbage' };
}

/** The fact in w32tm's output. */
export function parseWindowsTime(ran: Ran): DraftFact[] {
  const skew = readWindowsTime(ran);
  if (!skew.read) return [{ kind: 'clock', subject: 'host', state: 'failed', reason: skew.reason }];
  const whole = Math.round(skew.skewS);
  return [{ kind: 'clock', subject: 'host', state: 'seen', reading: { skewS: whole === 0 ? 0 : whole, against: 'time-server' } }];
}
