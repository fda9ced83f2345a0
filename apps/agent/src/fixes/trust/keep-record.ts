import type { Udid } from '@lockstep/core/health';
import { DeviceError, PairRecord } from '../../device/index.js';
import { isExpected, PhoneTalk, pause } from '../../probes/index.js';
import { findPhone } from '../find-phone.js';
import type { FixTools } from '../fix.js';

/** How handing a record to the multiplexer ended. */
export type Stored = 'stored' | 'mux-not-proven' | 'not-listed' | 'save-refused' | 'not-stored';

/** How keeping a granted record ended: `unverified`, when the phone could not be reached any more to try it. */
export type Kept = 'kept' | 'unverified' | 'session-refused' | Exclude<Stored, 'stored'>;

/**
 * Gives a granted record to the multiplexer, and believes neither it nor the phone: the record has to be read back the same, and a
 * session has to open with it. `replace`: if saving over the old record is refused, the old one is deleted first; the caller holds a copy.
 */
export async function keepRecord(tools: FixTools, udid: Udid, record: PairRecord, replace: boolean): Promise<Kept> {
  const { ctx, signal } = tools;
  const bytes = record.serialise();
  const stored = await store(tools, udid, bytes, replace);
  if (stored !== 'stored') return stored;
  const back = await ctx.mux.readPairRecord(udid, { signal });
  if (back === null || !sameRecord(back, record)) return 'not-stored';
  return await trySession(tools, udid, record);
}

/** Stores bytes that were a record before. For putting an old one back. */
export async function store(tools: FixTools, udid: Udid, bytes: Uint8Array, replace: boolean): Promise<Stored> {
  const { ctx, signal } = tools;
  // Asked right before the keys are handed over: who listened a minute ago may not be who listens now.
  if (!(await ctx.machine.provesMuxListener()).proven) return 'mux-not-proven';
  const device = await waitForPhone(tools, udid);
  if (!device) return 'not-listed';
  try {
    await ctx.mux.savePairRecord(udid, bytes, device.deviceId, { signal });
    return 'stored';
  } catch (e) {
    if (!isExpected(e) || signal.aborted) throw e;
    if (!replace) return 'save-refused';
  }
  try {
    await ctx.mux.deletePairRecord(udid, { signal });
    await ctx.mux.savePairRecord(udid, bytes, device.deviceId, { signal });
    return 'stored';
  } catch (e) {
    if (!isExpected(e) || signal.aborted) throw e;
    return 'save-refused';
  }
}

/** Opens a session with the record: tried until a phone that re-attaches after the tap is back, or the phone refuses in its own words. */
async function trySession(tools: FixTools, udid: Udid, record: PairRecord): Promise<'kept' | 'unverified' | 'session-refused'> {
  const { ctx, waits, signal } = tools;
  const until = performance.now() + waits.reattach;
  for (;;) {
    const device = await findPhone(tools, udid);
    if (device) {
      const talk = new PhoneTalk(ctx.mux, device, ctx.lockdown);
      try {
        await talk.startSession(signal, record);
        await talk.end();
        return 'kept';
      } catch (e) {
        if (!isExpected(e) || signal.aborted) throw e;
        if (e instanceof DeviceError && (e.kind === 'lockdown' || e.kind === 'impostor')) return 'session-refused';
      } finally {
        talk.drop();
      }
    }
    if (performance.now() >= until) return 'unverified';
    await pause(waits.look, signal);
  }
}

async function waitForPhone(tools: FixTools, udid: Udid) {
  const until = performance.now() + tools.waits.reattach;
  for (;;) {
    const device = await findPhone(tools, udid);
    if (device || performance.now() >= until) return device;
    await pause(tools.waits.look, tools.signal);
  }
}

function sameRecord(bytes: Uint8Array, record: PairRecord): boolean {
  try {
    const back = PairRecord.parse(bytes);
    return (
      back.hostId === record.hostId && back.systemBuid === record.systemBuid && back.deviceCertificate().equals(record.deviceCertificate())
    );
  } catch (e) {
    if (e instanceof DeviceError) return false;
    throw e;
  }
}
