import { type Condition, type ConditionFacts, conditionKinds, conditionLacks } from '@lockstep/core/fixes';
import { type CurrentFact, FACT_KINDS, type Fact, type FactKind, type FactSet, type Udid } from '@lockstep/core/health';
import type { MuxDevice } from '../device/index.js';
import { askHost, askLockdown, HOST_QUESTIONS, type ProbeContext, sharingRuns, surveyHost, surveyPhone } from '../probes/index.js';

/** A phone that answers at all says within a second or two whether it is being restored. */
const RESTORE_MS = 3_000;

/** What this agent read for a run's conditions a moment ago. */
export interface Precondition {
  /** Null when all of them hold; else the word for the first that does not, or that could not be shown. */
  lacks: string | null;
  /** What was read. */
  facts: Fact[];
}

/**
 * Asks this agent's own probes anew for every condition of a fix, and nothing else: what the server knew, or this agent a minute ago,
 * counts for nothing. Probes change nothing. `udid`: the phone that the fix is of.
 */
export async function checkConditions(
  conditions: readonly Condition[],
  udid: Udid | null,
  ctx: ProbeContext,
  signal: AbortSignal,
): Promise<Precondition> {
  if (conditions.length === 0) return { lacks: null, facts: [] };
  const kinds = new Set(conditionKinds(conditions));
  // One look is one moment: what is costly to start is started once.
  const shared: ProbeContext = {
    ...ctx,
    machine: sharingRuns(ctx.machine, () => performance.now(), { ms: RESTORE_MS * 10, costlyOnly: true }),
  };
  const survey = await surveyHost(shared, udid === null ? [] : [udid], signal);
  const asked = HOST_QUESTIONS.filter((probe) => probe.kinds.some((kind) => kinds.has(kind)));
  const [host, phones] = await Promise.all([
    Promise.all(asked.map((probe) => askHost(probe, shared, survey.present, signal))),
    askPhones(shared, survey.listed, udid, kinds, signal),
  ]);
  const facts = [...survey.facts, ...host.flat(), ...phones];
  return { lacks: conditionLacks(conditions, conditionFacts(facts, survey.present, udid, ctx.machine.now()))?.word ?? null, facts };
}

/** Of the phone itself everything that is asked at a look, when its trust matters; of the others only whether they are being restored. */
async function askPhones(
  ctx: ProbeContext,
  listed: readonly MuxDevice[],
  udid: Udid | null,
  kinds: ReadonlySet<FactKind>,
  signal: AbortSignal,
): Promise<Fact[]> {
  const whole = kinds.has('trust-session') || kinds.has('pair-record');
  const answers = listed.map((device) => {
    if (whole && device.udid === udid) return surveyPhone(ctx, device, signal);
    return kinds.has('lockdown') ? askLockdown(ctx, device, RESTORE_MS, signal) : [];
  });
  return (await Promise.all(answers)).flat();
}

/** The same facts as conditions are asked of. */
function conditionFacts(facts: readonly Fact[], present: readonly Udid[], udid: Udid | null, now: number): ConditionFacts {
  const of = (whose: Udid | 'host'): FactSet =>
    Object.fromEntries(
      facts
        .filter((f) => (FACT_KINDS[f.kind].subject === 'host' ? whose === 'host' : f.subject !== 'host' && f.subject.udid === whose))
        .map((f) => [f.kind, { ...f, at: now, seenAt: now } as CurrentFact]),
    );
  const phones = new Map([...present, ...(udid === null ? [] : [udid])].map((u) => [u, of(u)]));
  return { host: of('host'), phone: udid === null ? null : (phones.get(udid) ?? null), phones: [...phones.values()], now };
}
