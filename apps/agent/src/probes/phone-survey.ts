import type { Fact, FailReason, Udid } from '@lockstep/core/health';
import type { MuxDevice } from '../device/index.js';
import { deviceValues } from './device-values.js';
import { LOCKDOWN_TYPE, lockdown } from './lockdown.js';
import { pairRecord } from './pair-record.js';
import { passcodeLock } from './passcode-lock.js';
import type { PhoneLook, PhoneProbe } from './phone-probe.js';
import { PhoneTalk } from './phone-talk.js';
import { answer, draft, type ProbeContext } from './probe.js';
import { serviceStart } from './service-start.js';
import { trustSession } from './trust-session.js';

/** The questions that need lockdownd, in the order they are asked: the lock inside the session, where every phone tells it. */
const TALKING: readonly PhoneProbe[] = [deviceValues, trustSession, serviceStart, passcodeLock];

/** Every question about a listed phone. */
export const PHONE_PROBES: readonly PhoneProbe[] = [lockdown, pairRecord, ...TALKING];

/**
 * Looks at one phone that the multiplexer lists. While it is looked at nobody else of this program talks to it. A phone that does not
 * answer the first question is not asked the others: they are `failed` for the same reason, so a hanging phone costs one deadline, not five.
 */
export async function surveyPhone(ctx: ProbeContext, device: MuxDevice, signal?: AbortSignal): Promise<Fact[]> {
  const { udid } = device;
  const look: PhoneLook = { udid, talk: new PhoneTalk(ctx.mux, device, ctx.lockdown), record: undefined };
  const ask = (probe: PhoneProbe) => answer(probe, { udid }, ctx, signal, (s) => probe.ask(look, s));
  const instead = (probe: PhoneProbe, reason: FailReason) =>
    answer(probe, { udid }, ctx, signal, async () => probe.kinds.map((kind) => draft.failed(kind, { udid }, reason)));
  try {
    const facts: Fact[] = [];
    const [answers, record] = await Promise.all([ask(lockdown), ask(pairRecord)]);
    facts.push(...answers, ...record);
    const silent = notAnswering(answers[0]);
    for (const probe of TALKING) facts.push(...(await askNext(probe, facts, silent, look, ask, instead)));
    return facts;
  } finally {
    look.record = undefined;
    await look.talk.end();
  }
}

async function askNext(
  probe: PhoneProbe,
  facts: readonly Fact[],
  silent: FailReason | null,
  look: PhoneLook,
  ask: (p: PhoneProbe) => Promise<Fact[]>,
  instead: (p: PhoneProbe, reason: FailReason) => Promise<Fact[]>,
): Promise<Fact[]> {
  const of = (kind: Fact['kind']) => facts.find((f) => f.kind === kind);
  if (probe === trustSession) {
    const record = of('pair-record');
    // That there is no record to try is known whether or not the phone answers.
    if (look.record === null) return await ask(probe);
    if (record?.state === 'failed') return await instead(probe, record.reason);
  }
  if (probe === serviceStart) {
    const session = of('trust-session');
    if (session?.state === 'failed') return await instead(probe, session.reason);
    if (!look.talk.inSession) return await ask(probe);
  }
  return silent === null ? await ask(probe) : await instead(probe, silent);
}

/** Why lockdownd cannot be asked more: it gave no answer, or the phone is being restored, and then it is left alone. */
function notAnswering(fact: Fact | undefined): FailReason | null {
  if (fact?.state === 'failed') return fact.reason;
  if (fact?.state !== 'seen' || fact.kind !== 'lockdown') return 'crashed';
  return fact.reading.type === LOCKDOWN_TYPE ? null : 'unsupported';
}

/** The facts of a phone that cannot be reached because the multiplexer does not list it (or could not be asked: `reason`). */
export async function unreachablePhone(ctx: ProbeContext, udid: Udid, reason: FailReason): Promise<Fact[]> {
  const facts = await Promise.all(
    PHONE_PROBES.map((probe) =>
      answer(probe, { udid }, ctx, undefined, async () => probe.kinds.map((kind) => draft.failed(kind, { udid }, reason))),
    ),
  );
  return facts.flat();
}
