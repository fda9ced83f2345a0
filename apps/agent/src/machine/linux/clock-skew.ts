import type { FailReason } from '@lockstep/core/health';
import { linesOf, propertiesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { failedEnd } from './journal.js';
import { busTrouble } from './seat.js';

/** How far the computer's clock is ahead of a time server's, s. */
export type Skew = { read: true; skewS: number } | { read: false; reason: FailReason };

/**
 * Reads `chronyc -c tracking` (chronyc(1)): comma-separated, the reference id first, the fourth field the time of the last measurement
 * (0: none yet), the fifth the system clock's offset in seconds, positive when the clock is slow of NTP time.
 */
export function readChrony(ran: Ran): Skew {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  if (ran.exit !== 0)
    return {
      read: false,
      reason: /cannot talk to daemon|connection refused|timeout/i.test(ran.stdout + ran.stderr) ? 'unreachable' : 'garbage',
    };
  const fields = linesOf(ran.stdout)[0]?.line.split(',') ?? [];
  const [reference, measured, offset] = [fields[0], Number(fields[3]), Number(fields[4])];
  if (fields.length < 13 || reference === undefined || !/^[0-9A-F]{8}$/i.test(reference) || !Number.isFinite(offset))
    return { read: false, reason: 'garbage' };
  // Not synchronised yet: an offset against nothing.
  if (!(measured > 0)) return { read: false, reason: 'unreachable' };
  return { read: true, skewS: 0 - offset };
}

/**
 * Reads the last answer that timesyncd got from a time server (`timedatectl show-timesync --property=NTPMessage`): four times, one second
 * exact, from which the offset follows as in RFC 5905, section 8. No message: it was never answered.
 */
export function readTimesync(ran: Ran): Skew {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  if (ran.exit !== 0) return { read: false, reason: busTrouble(ran.stderr) };
  const message = propertiesOf(ran.stdout).get('NTPMessage');
  if (message === undefined) return { read: false, reason: 'unreachable' };
  const time = (name: string) => {
    const m = new RegExp(`${name}=\\w{3} (\\d{4}-\\d{2}-\\d{2}) (\\d{2}:\\d{2}:\\d{2})`).exec(message);
    return m ? Date.parse(`${m[1]}T${m[2]}Z`) / 1_000 : Number.NaN;
  };
  const [sent, received, answered, back] = ['OriginateTimestamp', 'ReceiveTimestamp', 'TransmitTimestamp', 'DestinationTimestamp'].map(
    time,
  );
  if (sent === undefined || received === undefined || answered === undefined || back === undefined)
    return { read: false, reason: 'garbage' };
  const offset = (received - sent + (answered - back)) / 2;
  return Number.isFinite(offset) ? { read: true, skewS: 0 - offset } : { read: false, reason: 'garbage' };
}

function factOf(skew: Skew): DraftFact[] {
  return skew.read
    ? [{ kind: 'clock', subject: 'host', state: 'seen', reading: { skewS: skew.skewS, against: 'time-server' } }]
    : [{ kind: 'clock', subject: 'host', state: 'failed', reason: skew.reason }];
}

export const parseChrony = (ran: Ran): DraftFact[] => factOf(readChrony(ran));
export const parseTimesync = (ran: Ran): DraftFact[] => factOf(readTimesync(ran));
