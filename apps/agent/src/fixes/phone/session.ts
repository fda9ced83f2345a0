import type { Udid } from '@lockstep/core/health';
import { DeviceError, type MuxDevice, PairRecord } from '../../device/index.js';
import { isExpected, PhoneTalk } from '../../probes/index.js';
import { findPhone } from '../find-phone.js';
import { type FixEnd, type FixTools, refused } from '../fix.js';

/**
 * Opens a session with the phone by the record that this computer holds, and works inside it. Never pairs: a phone that does not accept the
 * record is refused, and nothing was touched. The conversation is closed in any case.
 */
export async function inSession(
  tools: FixTools,
  udid: Udid,
  work: (talk: PhoneTalk, device: MuxDevice) => Promise<FixEnd>,
): Promise<FixEnd> {
  const { ctx, signal } = tools;
  const device = await findPhone(tools, udid);
  if (!device) return refused('not-listed');
  const bytes = await ctx.mux.readPairRecord(udid, { signal });
  if (bytes === null) return refused('no-record');
  const talk = new PhoneTalk(ctx.mux, device, ctx.lockdown);
  try {
    try {
      await talk.startSession(signal, PairRecord.parse(bytes));
    } catch (e) {
      if (!isExpected(e) || signal.aborted) throw e;
      return refused(e instanceof DeviceError && e.failure.kind === 'lockdown' ? e.failure.word : 'no-session');
    }
    return await work(talk, device);
  } finally {
    talk.drop();
  }
}
