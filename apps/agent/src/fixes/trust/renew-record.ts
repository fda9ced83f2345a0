import type { AgentFixId } from '@lockstep/core/fixes';
import type { Fact, Udid } from '@lockstep/core/health';
import { PairRecord } from '../../device/index.js';
import { isExpected, PhoneTalk } from '../../probes/index.js';
import { findPhone } from '../find-phone.js';
import { type FixEnd, type FixTools, failed, refused } from '../fix.js';
import { FolderUnsafe } from '../private-folder.js';
import { type Attempt, askHolder, attemptFact } from './ask-holder.js';
import { type Kept, keepRecord, store } from './keep-record.js';

/** Putting things back has its own time: it must not be cut short by the deadline that made it necessary. */
const PUT_BACK_MS = 10_000;

/**
 * Asks the holder for trust and keeps the record that comes of it. `old` is the record that the phone no longer accepts; a copy of it is
 * on disk before anything else happens, and it is put back, byte for byte, when the new one cannot be stored or does not work. Nothing is
 * removed first: until the holder has tapped Trust this computer's record stays as it is.
 */
export async function renewRecord(fix: AgentFixId, udid: Udid, old: Uint8Array | null, tools: FixTools): Promise<FixEnd> {
  const { ctx, cap, undo } = tools;
  // Nobody is bothered for a record that could not be stored.
  if (!(await ctx.machine.provesMuxListener()).proven) return refused('mux-not-proven');
  if (old !== null) {
    const kept = await keepCopy(undo, udid, old);
    if (kept !== null) return refused(kept);
  }
  await cap.acts(fix, udid);
  tools.progress('acting');
  const asked = await askHolder(tools, udid);
  const facts = [attemptFact(tools, udid, asked.attempt)];
  if (asked.record === null) return notGranted(asked.attempt, facts);
  tools.tell(facts);

  tools.progress('acting');
  const kept = await keepOrLeave(tools, udid, asked.record, old);
  if (kept === 'kept') return { mechanics: 'done', detail: old === null ? 'paired' : 'record-renewed', facts };
  if (kept === 'unverified') return { mechanics: 'unknown', detail: 'session-not-tried', facts };
  await forget(tools, udid, asked.record);
  return failed((await putBack(tools, udid, old)) ? kept : `${kept}-not-put-back`, facts);
}

async function keepCopy(undo: FixTools['undo'], udid: Udid, old: Uint8Array): Promise<string | null> {
  try {
    await undo.keep(udid, old);
    return null;
  } catch (e) {
    if (e instanceof FolderUnsafe) return `undo-${e.why}`;
    if (typeof (e as NodeJS.ErrnoException).code === 'string') return 'undo-not-written';
    throw e;
  }
}

/** What became of the asking, where no record came of it. */
function notGranted({ outcome, error }: Attempt, facts: readonly Fact[]): FixEnd {
  if (outcome === 'pending' || outcome === 'locked') return { mechanics: 'not-acted', detail: outcome, facts };
  return failed(outcome === 'refused' ? (error ?? outcome) : outcome, facts);
}

/** When time runs out in the middle, a granted record that is stored is left where it is: the holder's tap is not thrown away. */
async function keepOrLeave(tools: FixTools, udid: Udid, record: PairRecord, old: Uint8Array | null): Promise<Kept> {
  try {
    return await keepRecord(tools, udid, record, old !== null);
  } catch (e) {
    if (!isExpected(e)) throw e;
    const now = await readQuietly(tools, udid);
    return now instanceof Uint8Array && isRecord(now, record) ? 'unverified' : 'save-refused';
  }
}

/** Makes the multiplexer hold what it held before. Whether it does. */
async function putBack(tools: FixTools, udid: Udid, old: Uint8Array | null): Promise<boolean> {
  const late: FixTools = { ...tools, signal: AbortSignal.timeout(PUT_BACK_MS) };
  const { mux } = tools.ctx;
  try {
    const now = await mux.readPairRecord(udid, { signal: late.signal });
    if (old === null) {
      if (now !== null) await mux.deletePairRecord(udid, { signal: late.signal });
      return true;
    }
    if (now !== null && Buffer.from(now).equals(old)) return true;
    await store(late, udid, old, true);
    const after = await mux.readPairRecord(udid, { signal: late.signal });
    return after !== null && Buffer.from(after).equals(old);
  } catch (e) {
    if (!isExpected(e)) throw e;
    return false;
  }
}

/** Has the phone forget a pairing that this computer could not keep. A courtesy: it may not be reachable any more. */
async function forget(tools: FixTools, udid: Udid, record: PairRecord): Promise<void> {
  const signal = AbortSignal.timeout(PUT_BACK_MS);
  const device = await findPhone({ ...tools, signal }, udid).catch(() => null);
  if (!device) return;
  const talk = new PhoneTalk(tools.ctx.mux, device, tools.ctx.lockdown);
  try {
    await talk.ask(signal, (client) => client.unpair(record, { signal }));
  } catch (e) {
    if (!isExpected(e)) throw e;
  } finally {
    talk.drop();
  }
}

async function readQuietly(tools: FixTools, udid: Udid): Promise<Uint8Array | null | undefined> {
  try {
    return await tools.ctx.mux.readPairRecord(udid, { signal: AbortSignal.timeout(PUT_BACK_MS) });
  } catch (e) {
    if (!isExpected(e)) throw e;
    return undefined;
  }
}

function isRecord(bytes: Uint8Array, record: PairRecord): boolean {
  try {
    return PairRecord.parse(bytes).hostId === record.hostId;
  } catch (e) {
    if (!isExpected(e)) throw e;
    return false;
  }
}
