import { type AgentFixId, FIXES, type Mechanics } from '@lockstep/core/fixes';
import { type Fact, printable } from '@lockstep/core/health';
import type { FIX_STAGES, FixProgress, Order, ServerOrder } from '@lockstep/core/protocol';
import type { OrderKeyPin } from './identity.js';
import type { Journal, RunEntry } from './journal.js';
import { errnoOf } from './link-error.js';
import type { LinkLog } from './log.js';
import { verifyOrder } from './orders.js';
import type { Outbox } from './outbox.js';
import type { ServerClock } from './server-clock.js';
import type { Session } from './session.js';

export type FixStage = (typeof FIX_STAGES)[number];

/** An order that is verified, written down and to be carried out now. */
export interface OrderedRun {
  order: Order;
  /**
   * Tells the server how far the run is. Has to be called with `acting` before the first step that changes anything: the stage is
   * written to the journal first, and when that fails this throws and nothing may be changed.
   */
  progress(stage: FixStage, awaiting?: FixProgress['awaiting']): void;
}

/** What came of it. `mechanics` says what was done, never whether it helped; `facts` are read again after the settle time. */
export interface RunResult {
  mechanics: Mechanics;
  /** A word, not a sentence. */
  detail: string | null;
  facts: readonly Fact[];
}

export interface RunsOptions {
  hostId: string;
  /** The keys that may sign orders now. */
  pins: () => readonly OrderKeyPin[];
  outbox: Outbox;
  /** Opens the journal, or gives null while the disk does not let us. */
  openJournal(): Journal | null;
  /** Numbers and spools one receipt. */
  receipt(body: Parameters<Outbox['append']>[0]): void;
  /** Spools a result: its facts first where they do not fit one message. */
  result(runId: string, mechanics: Mechanics, detail: string | null, facts: readonly Fact[]): void;
  onOrder(run: OrderedRun): Promise<RunResult>;
  /** Reads anew what the run may have changed. */
  onHalfDone(run: RunEntry): Promise<readonly Fact[]>;
  log: LinkLog;
  /** Added to a fix's own deadline and settle time before its run is given up, ms. */
  graceMs: number;
}

/** What runs now, and on what. */
interface Lane {
  fix: AgentFixId;
  udid: string | null;
  done: Promise<void>;
}

/** Orders, from the frame to the result: verified, written down, carried out at most once, answered whatever happens. */
export class Runs {
  readonly #lanes = new Map<string, Lane>();
  #journal: Journal | null = null;
  #recovery: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly o: RunsOptions) {}

  /** Opens the journal and answers for the runs that a crash cut off: `unknown`, read anew, never repeated. */
  start(): void {
    this.#openJournal();
  }

  get running(): number {
    return this.#lanes.size;
  }

  /** Whether the journal can be written: without it every order is refused. */
  get hasJournal(): boolean {
    return this.#journal !== null;
  }

  /** Judges one order and, when it holds, begins to carry it out. */
  receive(envelope: ServerOrder, session: Session, clock: ServerClock): void {
    const journal = this.#openJournal();
    const verdict = verifyOrder(envelope, {
      pins: this.o.pins(),
      hostId: this.o.hostId,
      epoch: this.o.outbox.epoch,
      connection: session.nonce,
      now: clock.now(),
      isKnownRun: (runId) => journal?.has(runId) ?? false,
    });
    if (!verdict.ok) return this.#refuse(verdict.runId, verdict.reason);
    const { order } = verdict;
    if (!journal) return this.#refuse(order.runId, 'no-journal');
    if (this.#isBusy(order)) return this.#refuse(order.runId, 'busy');
    try {
      journal.taken(order);
    } catch (error) {
      this.o.log('error', 'the journal cannot be written, no order is carried out', { error: errnoOf(error) });
      return this.#refuse(order.runId, 'no-journal');
    }
    this.o.receipt({ type: 'fix.received', runId: order.runId });
    this.o.log('info', 'order taken', { runId: order.runId, fix: order.fix });
    const done = this.#carryOut(order, journal).finally(() => this.#lanes.delete(order.runId));
    this.#lanes.set(order.runId, { fix: order.fix, udid: order.udid, done });
  }

  /** Waits for what runs, at most `graceMs`; what is left is found half done at the next start. */
  async stop(graceMs: number): Promise<void> {
    const pending = [this.#recovery, ...[...this.#lanes.values()].map((l) => l.done)];
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      Promise.all(pending),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      }),
    ]);
    clearTimeout(timer);
    this.#stopped = true;
    this.#journal?.close();
    this.#journal = null;
  }

  /** One run per phone, and a run on the computer as a whole next to no other. */
  #isBusy(order: Order): boolean {
    return [...this.#lanes.values()].some((l) => l.udid === order.udid || l.udid === null || order.udid === null);
  }

  /** A refusal that waits already is not said twice: a flood of bad orders must not fill the spool. */
  #refuse(runId: string | null, reason: Parameters<typeof refusal>[1]): void {
    this.o.log('warn', 'order refused', { runId, reason });
    if (!this.o.outbox.holdsRefusal(runId, reason)) this.o.receipt(refusal(runId, reason));
  }

  async #carryOut(order: Order, journal: Journal): Promise<void> {
    const { runId } = order;
    let isOpen = true;
    const settle = (mechanics: Mechanics, detail: string | null, facts: readonly Fact[]) => {
      if (!isOpen || this.#stopped) return this.o.log('warn', 'result of a run that was given up', { runId, mechanics, detail });
      isOpen = false;
      this.#settle(journal, runId, mechanics, detail, facts);
    };
    const row = FIXES[order.fix];
    const overdue = setTimeout(() => settle('unknown', 'overdue', []), (row.deadlineS + row.settleS) * 1000 + this.o.graceMs);
    overdue.unref();
    const progress: OrderedRun['progress'] = (stage, awaiting = null) => {
      if (!isOpen || this.#stopped) throw new Error(`the run ${runId} was given up`);
      if (stage === 'acting') journal.acting(runId);
      this.o.receipt({ type: 'fix.progress', runId, stage, awaiting });
    };
    try {
      const result = await this.o.onOrder({ order, progress });
      settle(result.mechanics, result.detail, result.facts);
    } catch (error) {
      const acted = journal.stageOf(runId) === 'acting';
      this.o.log('error', 'a fix died', { runId, fix: order.fix, error: error instanceof Error ? error.message : String(error) });
      settle(
        acted ? 'unknown' : 'failed',
        'crashed',
        await this.#readAnew({ runId, stage: acted ? 'acting' : 'taken', at: 0, fix: order.fix, udid: order.udid, mechanics: null }),
      );
    } finally {
      clearTimeout(overdue);
    }
  }

  /** The result goes to the outbox before the journal forgets the run: a crash between the two tells it twice, never not at all. */
  #settle(journal: Journal, runId: string, mechanics: Mechanics, detail: string | null, facts: readonly Fact[]): void {
    this.o.result(runId, mechanics, detail === null ? null : printable(detail.slice(0, 96)), facts);
    this.#markSettled(journal, runId, mechanics);
    this.o.log('info', 'run settled', { runId, mechanics, detail });
  }

  #markSettled(journal: Journal, runId: string, mechanics: Mechanics): void {
    try {
      journal.settled(runId, mechanics);
    } catch (error) {
      // The next start finds the run half done and answers for it once more; the server keeps the first answer.
      this.o.log('error', 'the journal cannot be written', { runId, error: errnoOf(error) });
    }
  }

  #openJournal(): Journal | null {
    if (this.#journal || this.#stopped) return this.#journal;
    this.#journal = this.o.openJournal();
    if (this.#journal) this.#recovery = this.#recover(this.#journal);
    return this.#journal;
  }

  async #recover(journal: Journal): Promise<void> {
    for (const run of journal.unsettled()) {
      if (this.#lanes.has(run.runId)) continue;
      if (this.o.outbox.holdsResult(run.runId)) {
        // The crash came between the two writes: the true result is on its way.
        this.#markSettled(journal, run.runId, 'unknown');
        continue;
      }
      this.o.log('warn', 'a run was found half done', { runId: run.runId, fix: run.fix, stage: run.stage });
      const facts = await this.#readAnew(run);
      if (this.#stopped) return;
      this.#settle(journal, run.runId, 'unknown', run.stage === 'acting' ? 'cut-off-acting' : 'cut-off-before-acting', facts);
    }
  }

  async #readAnew(run: RunEntry): Promise<readonly Fact[]> {
    try {
      return await this.o.onHalfDone(run);
    } catch (error) {
      this.o.log('error', 'what a run left could not be read', {
        runId: run.runId,
        error: error instanceof Error ? error.message : String(error),
      });
      return [];
    }
  }
}

function refusal(runId: string | null, reason: Extract<ReturnType<typeof verifyOrder>, { ok: false }>['reason']) {
  return { type: 'fix.refused' as const, runId, reason };
}
