import type { Fact, FailReason, Udid } from '@lockstep/core/health';
import type { MuxDevice } from '../device/index.js';
import {
  activation,
  backupPolicy,
  battery,
  deviceClock,
  deviceStorage,
  deviceValues,
  LOCKDOWN_TYPE,
  lockdown,
  pairRecord,
  passcodeLock,
  serviceStart,
  supervision,
  trustSession,
  wifiSync,
} from './phone/index.js';
import type { PhoneLook, PhoneProbe } from './phone-probe.js';
import { PhoneTalk } from './phone-talk.js';
import { answer, draft, type ProbeContext } from './probe.js';

/** The questions that need lockdownd, in the order they are asked: the lock inside the session, where every phone tells it. */
const TALKING: readonly PhoneProbe[] = [deviceValues, trustSession, serviceStart, passcodeLock];

/** Asked at every look. */
const STEADY: readonly PhoneProbe[] = [lockdown, pairRecord, ...TALKING];

/** What changes in hours and days: asked at a look now and then, after the steady ones, inside the same session. */
const SLOW: readonly PhoneProbe[] = [activation, supervision, deviceClock, wifiSync, backupPolicy, deviceStorage, battery];

/** Every question about a listed phone. */
export const PHONE_PROBES: readonly PhoneProbe[] = [...STEADY, ...SLOW];

export interface PhoneSurveyOptions {
  /** Asks the slow questions too. */
  slow?: boolean;
  /** Given the steady answers before the slow questions are asked: those take a while and nobody should wait for them. */
  tell?(facts: readonly Fact[]): void;
}

/**
 * Looks at one phone that the multiplexer lists. While it is looked at nobody else of this program talks to it. A phone that does not
 * answer the first question is not asked the others: they are `failed` for the same reason, so a hanging phone costs one deadline, not a
 * dozen.
 */
export async function surveyPhone(
  ctx: ProbeContext,
  device: MuxDevice,
  signal?: AbortSignal,
  options: PhoneSurveyOptions = {},
): Promise<Fact[]> {
  const { udid } = device;
  const look: PhoneLook = { udid, machine: ctx.machine, talk: new PhoneTalk(ctx.mux, device, ctx.lockdown), record: undefined };
  const ask = (probe: PhoneProbe) => answer(probe, { udid }, ctx, signal, (s) => probe.ask(look, s));
  const instead = (probe: PhoneProbe, reason: FailReason) =>
    answer(probe, { udid }, ctx, signal, async () => probe.kinds.map((kind) => draft.failed(kind, { udid }, reason)));
  try {
    const facts: Fact[] = [];
    const [answers, record] = await Promise.all([ask(lockdown), ask(pairRecord)]);
    facts.push(...answers, ...record);
    const silent = notAnswering(answers[0]);
    for (const probe of TALKING) facts.push(...(await askNext(probe, facts, silent, look, ask, instead)));
    if (!options.slow || signal?.aborted) return facts;
    options.tell?.([...facts]);
    for (const probe of SLOW) {
      const reason = look.talk.inSession ? null : (silent ?? sessionless(facts));
      facts.push(...(await (reason === null ? ask(probe) : instead(probe, reason))));
    }
    return facts;
  } finally {
    look.record = undefined;
    await look.talk.end();
  }
}

/**
 * Asks a phone nothing but what it calls itself, which tells whether it is being restored. `ms`: how long it is waited for; one that says
 * nothing until then has said nothing.
 */
export async function askLockdown(ctx: ProbeContext, device: MuxDevice, ms: number, signal?: AbortSignal): Promise<Fact[]> {
  const { udid } = device;
  const look: PhoneLook = { udid, machine: ctx.machine, talk: new PhoneTalk(ctx.mux, device, ctx.lockdown), record: undefined };
  try {
    return await answer({ ...lockdown, deadlineMs: ms }, { udid }, ctx, signal, (s) => lockdown.ask(look, s));
  } finally {
    look.talk.drop();
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

/** Why there is no session: opening one failed by itself, or it is lost, or there is none to be had. */
function sessionless(facts: readonly Fact[]): FailReason {
  const session = facts.find((f) => f.kind === 'trust-session');
  return session?.state === 'failed' ? session.reason : 'no-session';
}

/**
 * The facts of a phone that cannot be reached because the multiplexer does not list it (or could not be asked: `reason`). What changes
 * slowly stays as it was read last, with its age.
 */
export async function unreachablePhone(ctx: ProbeContext, udid: Udid, reason: FailReason): Promise<Fact[]> {
  const facts = await Promise.all(
    STEADY.map((probe) =>
      answer(probe, { udid }, ctx, undefined, async () => probe.kinds.map((kind) => draft.failed(kind, { udid }, reason))),
    ),
  );
  return facts.flat();
}
