import { type MuxClient, pairRecordMetadata } from '../../device/index.js';
import { ReadFailed } from '../../machine/index.js';
import type { PhoneLook, PhoneProbe } from '../phone-probe.js';
import { draft, isExpected } from '../probe.js';

/**
 * Is there a pair record for this phone, is it whole, since when, and until when do its certificates hold? Read through the multiplexer,
 * which needs no rights of ours. Names of keys, sizes and dates leave this probe; the record itself stays in the look, for the session, and
 * goes with it.
 */
export const pairRecord: PhoneProbe = {
  id: 'pair-record',
  kinds: ['pair-record'],
  where: 'mux',
  deadlineMs: 8_000,
  async ask(look, signal) {
    const subject = { udid: look.udid };
    look.record = undefined;
    const [record, buid] = await Promise.all([look.talk.mux.readPairRecord(look.udid, { signal }), readBuid(look.talk.mux, signal)]);
    look.record = record;
    if (record === null) return [draft.absent('pair-record', subject)];
    return [
      draft.seen('pair-record', subject, {
        ...pairRecordMetadata(record, buid),
        writtenAt: await writtenAt(look),
      }),
    ];
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

/** When the record's file was written; null where the agent may not look, or the multiplexer keeps it elsewhere. */
async function writtenAt({ machine, udid }: PhoneLook): Promise<string | null> {
  try {
    return new Date((await machine.stat('record-file', { udid })).modifiedAt).toISOString();
  } catch (e) {
    if (e instanceof ReadFailed) return null;
    throw e;
  }
}
