import { FACT_KINDS, type Fact, type Udid } from '@lockstep/core/health';
import { askHost, costlyAmong, HOST_QUESTIONS, type HostProbe, type ProbeContext, type Row, sharingRuns } from '../probes/index.js';

/** A probe that timed out this often in a row is paused. */
const TIMEOUTS = 3;
/** For how long at first, ms; twice as long at each further time, up to the most. */
const PAUSE_MS = 10 * 60_000;
const MAX_PAUSE_MS = 6 * 3_600_000;
/** Questions asked at the same time; of dear ones never two. */
const AT_ONCE = 3;
/** After a phone came or went the daemons need a moment to write it down, ms; and it is asked once for a burst of them. */
const NUDGED_MS = 5_000;
const NUDGED_EVERY_MS = 60_000;
/** The first round is spread over this time, ms: cheap questions at once, dear ones last. */
const SPREAD_MS: Readonly<Record<HostProbe['cost'], number>> = { cheap: 500, moderate: 15_000, dear: 60_000 };
/** A question is asked along with another that starts the same costly command when it is due within this share of its cadence. */
const ALONG = 0.6;
/** A cadence is up to this share shorter, so that a fleet does not ask as one. */
const JITTER = 0.1;

export interface QuestionsOptions {
  ctx: ProbeContext;
  /** Phones that are or were here. */
  phones(): readonly Udid[];
  report(facts: readonly Fact[]): void;
  broke(error: unknown): void;
  /** Whether everything may be asked, or essentials only. */
  allowed(): 'all' | 'essentials';
  /** Milliseconds that never run backwards. */
  monotonic?: () => number;
  random?: () => number;
  probes?: readonly HostProbe[];
}

interface Question {
  probe: HostProbe;
  dueAt: number;
  running: Promise<void> | null;
  /** Asked for while it ran. */
  wantedAt: number | null;
  nudgedAt: number | null;
  timeouts: number;
}

/** The agent about itself is asked for whatever the limits say: it is where they are told. */
const ESSENTIAL: ReadonlySet<string> = new Set(['agent-limits']);

/**
 * Asks every question about the computer in its own cadence, each within its own deadline, few at a time. `tick()` is to be called about
 * once a second; what it starts is over by itself.
 */
export class Questions {
  readonly #questions: Question[];
  readonly #ctx: ProbeContext;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #stopping = new AbortController();

  constructor(private readonly o: QuestionsOptions) {
    this.#now = o.monotonic ?? (() => performance.now());
    this.#random = o.random ?? Math.random;
    const { os } = o.ctx.machine;
    this.#ctx = { ...o.ctx, machine: sharingRuns(o.ctx.machine, this.#now) };
    this.#questions = (o.probes ?? HOST_QUESTIONS)
      .filter((probe) => probe.kinds.some((k) => (FACT_KINDS[k].on as readonly string[]).includes(os)))
      .map((probe) => ({
        probe,
        dueAt: this.#now() + this.#random() * SPREAD_MS[probe.cost],
        running: null,
        wantedAt: null,
        nudgedAt: null,
        timeouts: 0,
      }));
  }

  /** Probes that timed out three times in a row and are asked more rarely. */
  paused(): string[] {
    return this.#questions.filter((q) => q.timeouts >= TIMEOUTS).map((q) => q.probe.id);
  }

  /** A phone came or went: questions that depend on it are asked soon. */
  nudge(): void {
    const now = this.#now();
    for (const q of this.#questions) {
      if (!q.probe.nudged || q.timeouts >= TIMEOUTS) continue;
      const at = Math.max(now + NUDGED_MS, (q.nudgedAt ?? Number.NEGATIVE_INFINITY) + NUDGED_EVERY_MS);
      if (!q.running && at >= q.dueAt) continue;
      q.nudgedAt = at;
      this.#sooner(q, at);
    }
  }

  /** One question is asked at the next tick, whatever its cadence: what it answers has changed. */
  want(id: string): void {
    const q = this.#questions.find((x) => x.probe.id === id);
    if (q && q.timeouts < TIMEOUTS) this.#sooner(q, this.#now());
  }

  /** Starts what is due. */
  tick(): void {
    if (this.#stopping.signal.aborted) return;
    const now = this.#now();
    const all = this.o.allowed() === 'all';
    const due = this.#questions.filter((q) => !q.running && q.dueAt <= now && (all || ESSENTIAL.has(q.probe.id)));
    due.sort((a, b) => a.dueAt - b.dueAt);
    for (const q of due) {
      const running = this.#questions.filter((x) => x.running);
      if (running.length >= AT_ONCE) return;
      if (q.probe.cost === 'dear' && running.some((x) => x.probe.cost === 'dear')) continue;
      if (q.running) continue;
      this.#begin(q);
      this.along(costlyAmong(this.#rowOf(q)?.asks ?? []));
    }
  }

  /** These commands are started now: whoever needs them and is due before long is asked along, beside the limit, since it waits for the same. */
  along(commands: readonly string[]): void {
    if (commands.length === 0 || this.#stopping.signal.aborted || this.o.allowed() !== 'all') return;
    const now = this.#now();
    for (const q of this.#questions) {
      if (q.running || q.timeouts >= TIMEOUTS || q.dueAt - now > ALONG * this.#cadenceOf(q)) continue;
      if (this.#rowOf(q)?.asks.some((a) => commands.includes(a))) this.#begin(q);
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#questions.map((q) => q.running));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.settled();
  }

  #begin(q: Question): void {
    const work = async () => {
      try {
        const facts = await askHost(q.probe, this.#ctx, this.o.phones(), this.#stopping.signal);
        if (this.#stopping.signal.aborted) return;
        this.#answered(q, facts);
        this.o.report(facts);
      } catch (e) {
        this.o.broke(e);
      } finally {
        q.running = null;
        q.dueAt = Math.min(q.wantedAt ?? Number.POSITIVE_INFINITY, this.#now() + this.#pauseOf(q));
        q.wantedAt = null;
      }
    };
    q.running = work();
  }

  #sooner(q: Question, at: number): void {
    if (q.running) q.wantedAt = Math.min(q.wantedAt ?? Number.POSITIVE_INFINITY, at);
    else q.dueAt = Math.min(q.dueAt, at);
  }

  #answered(q: Question, facts: readonly Fact[]): void {
    const late = facts.length > 0 && facts.every((f) => f.state === 'failed' && f.reason === 'timeout');
    q.timeouts = late ? q.timeouts + 1 : 0;
  }

  #rowOf(q: Question): Row | undefined {
    return q.probe.rows[this.#ctx.machine.os];
  }

  #cadenceOf(q: Question): number {
    return this.#rowOf(q)?.cadenceMs ?? q.probe.cadenceMs;
  }

  #pauseOf(q: Question): number {
    const cadence = this.#cadenceOf(q) * (1 - JITTER * this.#random());
    if (q.timeouts < TIMEOUTS) return cadence;
    return Math.max(cadence, Math.min(MAX_PAUSE_MS, PAUSE_MS * 2 ** (q.timeouts - TIMEOUTS)));
  }
}
