import type { Fact, Reading, Udid } from '@lockstep/core/health';
import {
  DeviceError,
  type MuxDevice,
  newPairRecord,
  type PairAnswer,
  type PairRecord,
  type PlistValue,
  TrustWake,
} from '../../device/index.js';
import { isExpected, PhoneTalk, pause, stamped } from '../../probes/index.js';
import { findPhone } from '../find-phone.js';
import type { FixTools } from '../fix.js';

/** The name under which facts of an asked phone travel: no probe reads them. */
const BY = 'ask-holder';

/** What storing, trying and, if need be, putting back takes: the holder is awaited no longer than leaves room for it. */
const KEEP_MS = 20_000;

export type Attempt = Reading<'pairing-attempt'>;

/** How asking ended: with a record that the phone accepted, or with its answer. */
export type Asked = { record: PairRecord; attempt: Attempt } | { record: null; attempt: Attempt };

/** What the phone answered when it was asked to pair, as a fact. */
export function attemptFact(tools: Pick<FixTools, 'ctx'>, udid: Udid, reading: Attempt): Fact {
  const at = new Date(tools.ctx.machine.now()).toISOString();
  return stamped({ kind: 'pairing-attempt', subject: { udid }, state: 'seen', reading }, { at, probe: BY, tookMs: 0 });
}

/**
 * Has the phone ask its holder "Trust This Computer?" and waits for the answer. One record for the whole wait: Pair is repeated with it
 * about once a second, because a single Pair never completes, and a phone that drops off the bus and returns (as phones do after the tap)
 * is asked on with the same one. Tells when the holder has to do something else than before. Changes nothing on this computer.
 */
export async function askHolder(tools: FixTools, udid: Udid): Promise<Asked> {
  const { ctx, waits, signal } = tools;
  const until = performance.now() + Math.min(waits.holder, tools.timeLeft() - KEEP_MS);
  const { hostname } = await ctx.machine.identity();
  let offer: { record: PairRecord; wifiMacAddress: string | undefined } | null = null;
  let last: Attempt = { outcome: 'no-answer', error: null, code: null };
  for (;;) {
    const device = await findPhone(tools, udid);
    if (device?.connection === 'usb') {
      const talk = new PhoneTalk(ctx.mux, device, ctx.lockdown);
      let wake: TrustWake | null = null;
      try {
        offer ??= await makeOffer(tools, talk);
        const { record, wifiMacAddress } = offer;
        wake = await wakeOf(tools, talk, device);
        const answer = await talk.ask(signal, (client) =>
          client.pair(record, {
            ms: Math.max(0, until - performance.now()),
            everyMs: waits.pairEvery,
            waitWhileLocked: true,
            hostName: hostname,
            wifiMacAddress,
            wake: wake ?? undefined,
            signal,
            onAwaiting: (what) => {
              last =
                what === 'unlock'
                  ? { outcome: 'locked', error: 'PasswordProtected', code: -17 }
                  : { outcome: 'pending', error: 'PairingDialogResponsePending', code: -19 };
              tools.progress('awaiting-holder', what);
              tools.tell([attemptFact(tools, udid, last)]);
            },
          }),
        );
        if (answer.outcome === 'accepted') return { record: answer.record, attempt: attemptOf(answer) };
        if (answer.outcome !== 'no-answer') return { record: null, attempt: attemptOf(answer) };
      } catch (e) {
        if (!isExpected(e) || signal.aborted) throw e;
        // A refusal of the phone's key is an answer; a broken conversation is tried again.
        if (e instanceof DeviceError && e.failure.kind === 'lockdown') {
          return { record: null, attempt: { outcome: 'refused', error: e.failure.word, code: e.failure.code } };
        }
      } finally {
        wake?.close();
        talk.drop();
      }
    }
    if (performance.now() + waits.look > until) return { record: null, attempt: last };
    await pause(waits.look, signal);
  }
}

/** Has the phone tell when Trust was tapped, where it does so to strangers: the wait ends then, and not a second later. */
async function wakeOf({ ctx, signal }: FixTools, talk: PhoneTalk, device: MuxDevice): Promise<TrustWake | null> {
  try {
    return await talk.ask(signal, (lockdown) => TrustWake.open({ mux: ctx.mux, deviceId: device.deviceId, lockdown }, { signal }));
  } catch (e) {
    // A courtesy: without it the wait is as long as it was.
    if (!isExpected(e) || signal.aborted) throw e;
    return null;
  }
}

/** The record that is offered: keys made here, certificates for the phone's own key. */
async function makeOffer({ ctx, signal }: FixTools, talk: PhoneTalk): Promise<{ record: PairRecord; wifiMacAddress: string | undefined }> {
  const key = await talk.ask(signal, (client) => client.getValue(null, 'DevicePublicKey', { signal }));
  if (!(key instanceof Uint8Array) && typeof key !== 'string') throw new DeviceError('DevicePublicKey', { kind: 'garbage' });
  const wifi = await optional(talk.ask(signal, (client) => client.getValue(null, 'WiFiAddress', { signal })));
  const systemBuid = await ctx.mux.readBuid({ signal });
  const record = await newPairRecord(key, { systemBuid, now: new Date(ctx.machine.now()) });
  return { record, wifiMacAddress: typeof wifi === 'string' ? wifi : undefined };
}

/** A value that the phone may keep to itself. */
async function optional(value: Promise<PlistValue>): Promise<PlistValue | undefined> {
  try {
    return await value;
  } catch (e) {
    if (e instanceof DeviceError && e.failure.kind === 'lockdown') return undefined;
    throw e;
  }
}

function attemptOf({ outcome, error, code }: PairAnswer): Attempt {
  return { outcome, error, code };
}
