import { type Audit, SERVER } from '../access/index.js';
import type { Connections, HostTransactions } from '../agents/index.js';
import type { Bus, Clock, Database, Jobs, Leadership, Log } from '../platform/index.js';
import type { Dispatch } from './dispatch.js';
import { afterRevocation, JUDGE_AFTER_MS, overdue, type RunChange, sendableAt } from './lifecycle.js';
import type { Orders } from './orders.js';
import type { Receipts } from './receipts.js';
import { AWAITING, OPEN, type RunRow } from './run-rows.js';
import { changeRun, lockRuns } from './store.js';

/** How often runs are looked at that nobody told anything about. */
const EVERY_MS = 5_000;
const BATCH = 256;

export interface RunSweepDeps {
  database: Pick<Database, 'pool' | 'tx'>;
  transactions: HostTransactions;
  connections: Connections;
  orders: Pick<Orders, 'stopped'>;
  dispatch: Dispatch;
  receipts: Receipts;
  leader: Leadership;
  jobs: Pick<Jobs, 'add' | 'isUp'>;
  audit: Audit;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/**
 * What time does to runs, and what was lost on the way: every run that is not over ends by itself. Of several server processes the leader
 * goes its rounds; while there is no queue each sends to its own hosts.
 */
export class RunSweep {
  /** Called after every round, with its seconds. */
  took: (seconds: number) => void = () => undefined;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> = Promise.resolve();
  readonly #unsubscribe: (() => void)[] = [];
  #isStopping = false;
  #isRoundQueued = false;

  constructor(private readonly deps: RunSweepDeps) {}

  start(): void {
    this.#timer = setInterval(() => {
      // At most one round waits: while the database is away they must not pile up.
      if (this.#isRoundQueued) return;
      this.#isRoundQueued = true;
      this.#queue(async () => {
        this.#isRoundQueued = false;
        const began = performance.now();
        await (this.deps.leader.isLeader ? this.once() : this.own());
        this.took((performance.now() - began) / 1000);
      });
    }, EVERY_MS);
    // A host that signs on gets the runs that are still valid; an order sent over its last connection is void.
    this.#unsubscribe.push(
      this.deps.connections.onChange((hostId, isConnected) => {
        if (isConnected) this.#queue(() => this.signedOn(hostId));
      }),
      this.deps.bus.subscribe('host.revoked', () => this.#queue(() => this.revoked())),
      // Orders may be sent again: what waited is looked at now.
      this.deps.bus.subscribe('orders.changed', () => this.#queue(() => (this.deps.leader.isLeader ? this.once() : this.own()))),
      this.deps.bus.subscribe('run.due', ({ runId, hostId }) => {
        if (this.deps.connections.isHere(hostId)) this.#queue(() => this.deps.dispatch.dispatch(runId, false));
      }),
    );
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer) clearInterval(this.#timer);
    for (const end of this.#unsubscribe) end();
    await this.#running;
  }

  /** Sends what waits for a host that just signed on. */
  async signedOn(hostId: string): Promise<void> {
    const { rows } = await this.deps.database.pool.query<{ id: string }>(
      `SELECT id FROM fix_run WHERE host_id = $1 AND state IN ('queued', 'sent')`,
      [hostId],
    );
    for (const { id } of rows) await this.deps.dispatch.dispatch(id, false);
  }

  /** While there is no queue: sends what waits for hosts that are connected here. */
  async own(): Promise<void> {
    const { database, clock, connections, jobs, dispatch } = this.deps;
    if (jobs.isUp) return;
    const { rows } = await database.pool.query<RunRow>(
      `SELECT * FROM fix_run WHERE state IN ('queued', 'sent') AND host_id = ANY($1::uuid[]) ORDER BY asked_at`,
      [connections.ids()],
    );
    for (const run of rows) if (sendableAt(run) <= clock.now()) await dispatch.dispatch(run.id, false);
  }

  /** Ends the runs of hosts that were revoked. */
  async revoked(): Promise<void> {
    const { rows } = await this.deps.database.pool.query<{ id: string }>(
      `SELECT r.id FROM fix_run r JOIN host_key h ON h.id = r.host_id
       WHERE r.state IN ('awaiting-approval', 'queued', 'sent', 'received') AND h.revoked_at IS NOT NULL ORDER BY r.id`,
    );
    for (const { id } of rows) await this.#end(id, afterRevocation);
  }

  /** One round over all runs that are not over. */
  async once(): Promise<void> {
    const { database, clock, connections, jobs, orders, log } = this.deps;
    await this.revoked();
    const { stopped } = await orders.stopped();
    const now = clock.date();
    const { rows } = await database.pool.query<RunRow>('SELECT * FROM fix_run WHERE state = ANY($1) ORDER BY asked_at', [OPEN]);
    const over = rows.filter((r) => overdue(r, now) !== null);
    for (const run of over) await this.#end(run.id, overdue);
    const due = new Set(over.map((r) => r.id));
    for (const run of rows) {
      if (stopped || due.has(run.id) || (run.state !== 'queued' && run.state !== 'sent') || !connections.isConnected(run.host_id)) continue;
      if (sendableAt(run) > now.getTime()) continue;
      // One id per attempt: a job that was done is removed, and adding its id again would be a silent nothing while it still stands there.
      await jobs
        .add('fix.dispatch', { runId: run.id, attempt: run.attempts }, { id: `${run.id}-${run.attempts}` })
        .catch(async (error: unknown) => {
          log.warn('the queue takes no jobs, the order is sent without it', { runId: run.id, error });
          await this.deps.dispatch.dispatch(run.id, true);
        });
    }
    const settled = rows
      .filter((r) => r.state === 'settled' && r.settled_at !== null && r.settled_at.getTime() + JUDGE_AFTER_MS <= now.getTime())
      .map((r) => r.host_id);
    for (let i = 0; i < settled.length; i += BATCH) {
      const hostIds = settled.slice(i, i + BATCH);
      await this.deps.transactions.run(hostIds, (tx) => this.deps.receipts.judgeSettled(tx, hostIds));
    }
  }

  async #end(runId: string, how: (run: RunRow, now: Date) => RunChange | null): Promise<void> {
    const { database, clock, bus, audit, dispatch } = this.deps;
    const ended = await database.tx(async (tx) => {
      const [run] = await lockRuns(tx, [runId]);
      const change = run && how(run, clock.date());
      if (!run || !change) return null;
      const next = await changeRun(tx, run, change);
      await audit.write(tx, {
        actor: SERVER,
        action: `fix-run.${next.state}`,
        subject: { kind: 'fix-run', id: runId },
        detail: { fix: run.fix, cause: run.cause, verdict: next.verdict, reason: next.detail },
      });
      return { next, was: run.state };
    });
    if (!ended) return;
    dispatch.forget(runId);
    bus.publish('run.changed', { runId, hostId: ended.next.host_id, pairId: ended.next.pair_id });
    if (ended.was === AWAITING) bus.publish('approvals.changed', {});
  }

  #queue(work: () => Promise<unknown>): void {
    if (this.#isStopping) return;
    this.#running = this.#running
      .then(work)
      .catch((error: unknown) => this.deps.log.warn('a sweep of fix runs failed, the next one tries again', { error }));
  }
}
