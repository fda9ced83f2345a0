import type { DraftFact } from '../draft.js';
import { failedEnd, type Skew } from '../linux/index.js';
import type { Ran } from '../port.js';

/**
 * Reads `sntp time.apple.com` (sntp(1)): `+0.012345 +/- 0.005432 time.apple.com 17.…`, what would have to be added to this clock. No answer
 * from the server ends the tool with an error.
 */
export function readSntp(ran: Ran): Skew {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const offset = /(?:^|\s)([+-]\d{1,10}\.\d{1,9}) \+\/- \d/.exec(ran.stdout)?.[1];
  if (ran.exit !== 0) return { read: false, reason: 'unreachable' };
  if (offset === undefined) return { read: false, reason: 'garbage' };
  const skewS = 0 - Number(offset);
  // The fact's own limit: a century.
  return Math.abs(skewS) > 3_155_760_000 ? { read: false, reason: 'garbage' } : { read: true, skewS };
}

export function parseSntp(ran: Ran): DraftFact[] {
  const skew = readSntp(ran);
  return skew.read
    ? [{ kind: 'clock', subject: 'host', state: 'seen', reading: { skewS: skew.skewS, against: 'time-server' } }]
    : [{ kind: 'clock', subject: 'host', state: 'failed', reason: skew.reason }];
}
