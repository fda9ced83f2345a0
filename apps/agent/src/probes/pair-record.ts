import { type MuxClient, pairRecordMetadata } from '../device/index.js';
import type { PhoneProbe } from './phone-probe.js';
import { draft, isExpected } from './probe.js';

/**
 * Is there a pair record for this phone, and is it whole? Read through the multiplexer, which needs no rights of ours. Names of keys and
 * the size leave this probe; the record itself stays in the look, for the session, and goes with it.
 */
export const pairRecord: PhoneProbe = {
  id: 'pair-record',
  kinds: ['pair-record'],
  deadlineMs: 8_000,
  async ask(look, signal) {
    const subject = { udid: look.udid };
    look.record = undefined;
    const [record, buid] = await Promise.all([look.talk.mux.readPairRecord(look.udid, { signal }), readBuid(look.talk.mux, signal)]);
    look.record = record;
    if (record === null) return [draft.absent('pair-record', subject)];
    return [{ kind: 'pair-record', subject, state: 'seen', reading: pairRecordMetadata(record, buid) }];
  },
};

/** The multiplexer's own id; null when it does not tell: then whether the record fits it is not known. */
async function readBuid(mux: MuxClient, signal: AbortSignal): Promise<string | null> {
  try {
    return await mux.readBuid({ signal });
  } catch (e) {
    if (isExpected(e)) return null;
    throw e;
  }
}
