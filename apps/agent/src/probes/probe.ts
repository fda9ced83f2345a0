import { Fact, type FactKind, type FailReason, type Reading, type Subject } from '@lockstep/core/health';
import { DeviceError, failReasonOf as deviceReason, type LockdownClientOptions, type MuxClient } from '../device/index.js';
import { type DraftFact, type Machine, ReadFailed, unscriptedIn } from '../machine/index.js';
import { CalledOff, Overdue, within } from './deadline.js';

/** What every probe may use. Probes read: they never pair, never prompt, never change anything. */
export interface ProbeContext {
  machine: Machine;
  mux: MuxClient;
  /** The agent's own version. */
  agent: string;
  outbox(): Reading<'agent-self'>['outbox'];
  /** How patient the conversations with phones are; lockdown's own deadlines when left out. */
  lockdown?: LockdownClientOptions;
  /** Called with what ended a probe unexpectedly; the fact says only `crashed`. */
  onCrash(probe: string, error: unknown): void;
}

/** One question about the computer. */
export interface HostProbe {
  id: string;
  /** The kinds it answers: each of them becomes a fact at every asking, `failed` when the probe dies. */
  kinds: readonly FactKind[];
  deadlineMs: number;
  /** How often the running agent asks. */
  cadenceMs: number;
  ask(ctx: ProbeContext, signal: AbortSignal): Promise<DraftFact[]>;
}

/** A kind's way to be `failed`, `absent` or `seen`, for probes that answer one kind. */
export const draft = {
  failed: (kind: FactKind, subject: Subject, reason: FailReason): DraftFact => ({ kind, subject, state: 'failed', reason }),
  absent: (kind: FactKind, subject: Subject): DraftFact => ({ kind, subject, state: 'absent' }),
};

/**
 * Runs one question within its deadline and writes down what came of it. Its death is a `failed` fact of each of its kinds, never a gap.
 * A reading that cannot be stored (a phone may put NUL, lone surrogates or a novel into its name) is `failed: garbage`: it is not mended here.
 */
export async function answer(
  probe: { id: string; kinds: readonly FactKind[]; deadlineMs: number },
  subject: Subject,
  ctx: Pick<ProbeContext, 'machine' | 'onCrash'>,
  outer: AbortSignal | undefined,
  ask: (signal: AbortSignal) => Promise<DraftFact[]>,
): Promise<Fact[]> {
  const began = performance.now();
  let drafts: DraftFact[];
  try {
    drafts = await within(probe.deadlineMs, outer, ask);
  } catch (e) {
    const unscripted = unscriptedIn(e);
    if (unscripted) throw unscripted;
    const reason = failReason(e);
    if (reason === 'crashed') ctx.onCrash(probe.id, e);
    drafts = probe.kinds.map((kind) => draft.failed(kind, subject, reason));
  }
  const stamp = {
    at: new Date(ctx.machine.now()).toISOString(),
    probe: probe.id,
    tookMs: Math.round((performance.now() - began) * 10) / 10,
  };
  for (const kind of probe.kinds) {
    if (!drafts.some((d) => d.kind === kind)) drafts.push(draft.failed(kind, subject, 'crashed'));
  }
  return drafts.map((d) => stamped(d, stamp));
}

/** A draft as a fact that passes the schema of every door behind. */
export function stamped(d: DraftFact, stamp: { at: string; probe: string; tookMs: number }): Fact {
  const fact = Fact.safeParse({ ...d, ...stamp });
  return fact.success ? fact.data : { kind: d.kind, subject: d.subject, state: 'failed', reason: 'garbage', ...stamp };
}

/** The word for what ended a probe. */
export function failReason(e: unknown): FailReason {
  if (e instanceof Overdue) return 'timeout';
  if (e instanceof CalledOff) return 'aborted';
  if (e instanceof ReadFailed) return e.failReason;
  return deviceReason(e);
}

/** Whether an error came from the other side or the system, rather than from a mistake of this program. */
export function isExpected(e: unknown): e is DeviceError | Overdue | CalledOff | ReadFailed {
  return e instanceof DeviceError || e instanceof Overdue || e instanceof CalledOff || e instanceof ReadFailed;
}
