import { DatabaseUnavailable, type HostTransactions } from '../agents/index.js';
import type { Bus, Clock, Database, Leadership, Log } from '../platform/index.js';
import type { Progressing } from './progress.js';

/** How often runs are looked at that time alone changes: nobody waits for the second. */
const EVERY_MS = 5_000;
/** Hosts looked at in one transaction. */
const BATCH = 256;

export interface GuidedSweepDeps {
  database: Pick<Database, 'pool'>;
  transactions: HostTransactions;
  progressing: Pick<Progressing, 'advance'>;
  leader: Leadership;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/** What time does to guided runs: deadlines pass, settled ones are judged. The leader goes the rounds; rows decide. */
export class GuidedSweep {
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> = Promise.resolve();
  #isQueued = false;
  #isStopping = false;
  #unsubscribe: (() => void) | null = null;

  constructor(private readonly deps: GuidedSweepDeps) {}

  start(): void {
    this.#timer = setInterval(() => this.#round(), EVERY_MS);
    this.#unsubscribe = this.deps.bus.subscribe('host.revoked', () => this.#round());
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#unsubscribe?.();
    if (this.#timer) clearInterval(this.#timer);
    await this.#running;
  }

  /** One round over what is due, and over the runs of revoked hosts. Returns how many hosts were looked at. */
  async once(): Promise<number> {
    const { database, transactions, progressing, clock } = this.deps;
    const { rows } = await database.pool.query<{ host_id: string }>(
      `SELECT DISTINCT r.host_id FROM guided_run r JOIN host_key h ON h.id = r.host_id
       WHERE r.due_at IS NOT NULL AND (r.due_at <= $1 OR h.revoked_at IS NOT NULL) ORDER BY r.host_id LIMIT $2`,
      [clock.date(), BATCH],
    );
    const hostIds = rows.map((r) => r.host_id);
    if (hostIds.length > 0) await transactions.run(hostIds, (tx) => progressing.advance(tx, hostIds));
    return hostIds.length;
  }

  #round(): void {
    // At most one round waits: while the database is away they must not pile up.
    if (!this.deps.leader.isLeader || this.#isStopping || this.#isQueued) return;
    this.#isQueued = true;
    this.#running = this.#running.then(async () => {
      this.#isQueued = false;
      try {
        await this.once();
      } catch (error) {
        const level = error instanceof DatabaseUnavailable ? 'warn' : 'error';
        this.deps.log[level]('a sweep of guided runs failed, the next one tries again', { error });
      }
    });
  }
}
