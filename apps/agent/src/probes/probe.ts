import { FACT_KINDS, Fact, type FactKind, type FailReason, type Reading, type Subject, type Udid } from '@lockstep/core/health';
import { DeviceError, failReasonOf as deviceReason, type LockdownClientOptions, type MuxClient } from '../device/index.js';
import {
  type CommandId,
  type DraftFact,
  type FileId,
  type Machine,
  type Network,
  type Os,
  ReadFailed,
  unscriptedIn,
} from '../machine/index.js';
import { CalledOff, Overdue, within } from './deadline.js';

/**
 * How a question is written down.
 *
 * One file per question: `probes/host/*.ts` for what is asked of the computer (a {@link HostProbe}, its systems as rows), and
 * `probes/phone/*.ts` for what is asked of a phone (a PhoneProbe: over lockdown all systems are alike). The lists `HOST_QUESTIONS` in
 * `host/index.ts` and `PHONE_PROBES` in `phone-survey.ts` name them all.
 *
 * To add a system to a question, add its row:
 *
 *     rows: {
 *       linux: { asks: ['timedatectl-show'], privilege: 'user', ask: async (ctx, signal) => readTimedate(await ctx.machine.run(…)) },
 *       macos: { asks: ['sntp'], privilege: 'user', ask: … },
 *     }
 *
 * `asks` names every row of `machine/commands` and `machine/files.ts` the row may use; `ask` fetches, and hands what it got to a pure
 * function that makes drafts of it. That function stands in `machine/<os>/` when the command's own output holds the whole reading (then it
 * is also the command row's `parse`, which `lockstep-agent parse` and the sample folders use), else beside the question. Drafts say
 * `seen`, `absent` or `failed`, and never judge. A kind of the probe that no draft answers becomes `failed: crashed`; whatever `ask`
 * throws becomes a `failed` fact of each kind. For kinds about phones a row answers for each of `ctx.phones`.
 */

/** What every probe may use. Probes read: they never pair, never prompt, never change anything. */
export interface ProbeContext {
  machine: Machine;
  mux: MuxClient;
  /** The agent's own version. */
  agent: string;
  outbox(): Reading<'agent-self'>['outbox'];
  /** How patient the conversations with phones are; lockdown's own deadlines when left out. */
  lockdown?: LockdownClientOptions;
  /** The network, where probes may use it: left out in labs and tests, which contact nobody. */
  network?: Network;
  /** What the agent allows itself now; left out where nobody watches (a single look from the command line). */
  limits?(): Reading<'agent-limits'>;
  /** The server's time less this computer's, ms; null before the first connection. */
  serverOffsetMs?(): number | null;
  /** Called with what ended a probe unexpectedly; the fact says only `crashed`. */
  onCrash(probe: string, error: unknown): void;
}

/** What a row of a question about the computer may use. */
export interface Asking extends ProbeContext {
  /** Phones that are or were here: kinds about phones are answered for each of them. */
  phones: readonly Udid[];
}

/** What a row asks of the computer, by name. `sysfs`: the device tree; `mux`: the multiplexer; `network`; `self`: the agent itself. */
export type Ask = CommandId | FileId | 'sysfs' | 'mux' | 'network' | 'self';

/** One system's way to answer a question. */
export interface Row {
  asks: readonly Ask[];
  /** What it needs to answer in full; without it, it answers less or `failed: denied`, and still asks. */
  privilege: 'user' | 'admin';
  /** Where this system needs longer than others, ms. */
  deadlineMs?: number;
  /** Where asking costs this system more than others, ms. */
  cadenceMs?: number;
  ask(ctx: Asking, signal: AbortSignal): Promise<DraftFact[]>;
}

/** One question about the computer. */
export interface HostProbe {
  id: string;
  /** The kinds it answers: each of them becomes a fact at every asking, `failed` when the probe dies. */
  kinds: readonly FactKind[];
  /** `cheap`: a file or a millisecond. `moderate`: starts a process. `dear`: seconds of work or the network. */
  cost: 'cheap' | 'moderate' | 'dear';
  /** How often the running agent asks, ms: at most a minute for steady kinds, five minutes to an hour for slow ones. */
  cadenceMs: number;
  deadlineMs: number;
  /** Asked again soon after a phone came or went. */
  nudged?: boolean;
  rows: Partial<Record<Os, Row>>;
}

/** The same row for all systems. */
export function everywhere(row: Row): Record<Os, Row> {
  return { linux: row, macos: row, windows: row };
}

/** A kind's way to be `failed`, `absent` or `seen`, for probes that answer one kind. */
export const draft = {
  failed: (kind: FactKind, subject: Subject, reason: FailReason): DraftFact => ({ kind, subject, state: 'failed', reason }),
  absent: (kind: FactKind, subject: Subject): DraftFact => ({ kind, subject, state: 'absent' }),
  seen: <K extends FactKind>(kind: K, subject: Subject, reading: Reading<K>): DraftFact =>
    ({ kind, subject, state: 'seen', reading }) as DraftFact,
};

/** Whom the facts of a kind are about: the computer, or each of these phones. */
export function subjectsOf(kind: FactKind, phones: readonly Udid[]): Subject[] {
  return FACT_KINDS[kind].subject === 'host' ? ['host'] : phones.map((udid) => ({ udid }));
}

/**
 * Asks one question about the computer. Kinds that have no answer on this system at all are left out; a system whose row is missing is
 * `failed: unsupported`.
 */
export async function askHost(
  probe: HostProbe,
  ctx: ProbeContext,
  phones: readonly Udid[],
  signal: AbortSignal | undefined,
): Promise<Fact[]> {
  const { os } = ctx.machine;
  const kinds = probe.kinds.filter((kind) => (FACT_KINDS[kind].on as readonly Os[]).includes(os));
  const row = probe.rows[os];
  const wanted = kinds.flatMap((kind) => subjectsOf(kind, phones).map((subject) => ({ kind, subject })));
  return await answerAll({ ...probe, deadlineMs: row?.deadlineMs ?? probe.deadlineMs }, wanted, ctx, signal, async (s) => {
    if (row) return await row.ask({ ...ctx, phones }, s);
    return wanted.map(({ kind, subject }) => draft.failed(kind, subject, 'unsupported'));
  });
}

/** Asks one question about one subject: see {@link answerAll}. */
export async function answer(
  probe: { id: string; kinds: readonly FactKind[]; deadlineMs: number },
  subject: Subject,
  ctx: Pick<ProbeContext, 'machine' | 'onCrash'>,
  outer: AbortSignal | undefined,
  ask: (signal: AbortSignal) => Promise<DraftFact[]>,
): Promise<Fact[]> {
  return await answerAll(
    probe,
    probe.kinds.map((kind) => ({ kind, subject })),
    ctx,
    outer,
    ask,
  );
}

/**
 * Runs one question within its deadline and writes down what came of it: one fact of each wanted kind and subject. Its death is a `failed`
 * fact of each, never a gap. A reading that cannot be stored (a phone may put NUL, lone surrogates or a novel into its name) is `failed:
 * garbage`: it is not mended here.
 */
async function answerAll(
  probe: { id: string; deadlineMs: number },
  wanted: readonly { kind: FactKind; subject: Subject }[],
  ctx: Pick<ProbeContext, 'machine' | 'onCrash'>,
  outer: AbortSignal | undefined,
  ask: (signal: AbortSignal) => Promise<DraftFact[]>,
): Promise<Fact[]> {
  const began = performance.now();
  let drafts: DraftFact[] = [];
  let missing: FailReason = 'crashed';
  try {
    drafts = await within(probe.deadlineMs, outer, ask);
  } catch (e) {
    const unscripted = unscriptedIn(e);
    if (unscripted) throw unscripted;
    missing = failReason(e);
    if (missing === 'crashed') ctx.onCrash(probe.id, e);
  }
  const stamp = {
    at: new Date(ctx.machine.now()).toISOString(),
    probe: probe.id,
    tookMs: Math.round((performance.now() - began) * 10) / 10,
  };
  return wanted.map(({ kind, subject }) => {
    const found = drafts.find((d) => d.kind === kind && sameSubject(d.subject, subject));
    return stamped(found ?? draft.failed(kind, subject, missing), stamp);
  });
}

function sameSubject(a: Subject, b: Subject): boolean {
  return a === 'host' || b === 'host' ? a === b : a.udid === b.udid;
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
