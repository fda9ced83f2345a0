import { setTimeout as wait } from 'node:timers/promises';
import type { Clock, Database, Leadership, Log } from '../platform/index.js';

/** How long it is remembered what facts said before: as far back as rules can be tried, ms. */
export const PAST_MS = 30 * 86_400_000;

/** How often what is too old is looked for. */
const HOUR_MS = 3_600_000;
/** Rows that one statement deletes at most: some tens of milliseconds of work, so no ingest transaction waits for it. */
const LOT = { hosts: 50, rowsPerHost: 200 } as const;
/** Between two statements, so that a first round after months does not fill the disk's queue. */
const REST_MS = 20;

export interface PastSweepDeps {
  database: Pick<Database, 'pool'>;
  leader: Leadership;
  clock: Clock;
  log: Log;
}

/**
 * Ends what facts said before, after 30 days: once an hour, by the server that leads, a lot at a time. Nothing is remembered between rounds:
 * a round that was cut off is made up by the next, and two at once delete a row once.
 */
export class PastSweep {
  /** Called after every round, with its seconds. */
  took: (sweep: 'past', seconds: number) => void = () => undefined;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> = Promise.resolve();
  #isBusy = false;
  #isStopping = false;

  constructor(private readonly deps: PastSweepDeps) {}

  start(): void {
    this.#timer = setInterval(() => this.#round(), HOUR_MS);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer) clearInterval(this.#timer);
    await this.#running;
  }

  /** One round over all hosts. Returns how many rows were too old. */
  async once(): Promise<number> {
    const { pool } = this.deps.database;
    const before = new Date(this.deps.clock.now() - PAST_MS).toISOString();
    const hosts = await pool.query<{ host_id: string }>('SELECT host_id FROM host_state ORDER BY host_id');
    let gone = 0;
    for (let i = 0; i < hosts.rows.length && !this.#isStopping; i += LOT.hosts) {
      const hostIds = hosts.rows.slice(i, i + LOT.hosts).map((r) => r.host_id);
      const heard = await pool.query('DELETE FROM host_heard WHERE host_id = ANY($1::uuid[]) AND at < $2', [hostIds, before]);
      gone += heard.rowCount ?? 0;
      let isMore = true;
      while (isMore && !this.#isStopping) {
        const { rowCount } = await pool.query(
          `DELETE FROM fact_past p USING (
             SELECT o.* FROM unnest($1::uuid[]) AS h(id) CROSS JOIN LATERAL (
               SELECT host_id, until, id FROM fact_past WHERE host_id = h.id AND until < $2 ORDER BY until, id LIMIT $3
             ) o
           ) old WHERE p.host_id = old.host_id AND p.until = old.until AND p.id = old.id`,
          [hostIds, before, LOT.rowsPerHost],
        );
        gone += rowCount ?? 0;
        // Fewer rows than one host may have had: no host had more.
        isMore = (rowCount ?? 0) >= LOT.rowsPerHost;
        if (isMore) await wait(REST_MS);
      }
    }
    return gone;
  }

  #round(): void {
    if (!this.deps.leader.isLeader || this.#isBusy || this.#isStopping) return;
    this.#isBusy = true;
    const began = performance.now();
    this.#running = this.once()
      .then((gone) => {
        this.took('past', (performance.now() - began) / 1000);
        if (gone > 0) this.deps.log.info('facts of more than 30 days ago were ended', { rows: gone });
      })
      .catch((error: unknown) => this.deps.log.warn('a sweep of old facts failed, the next one tries again', { error }))
      .finally(() => {
        this.#isBusy = false;
      });
  }
}
