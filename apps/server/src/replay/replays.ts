import { randomUUID } from 'node:crypto';
import type { ReplayDifferenceView, ReplayView } from '@lockstep/core/protocol';
import type { PreparedCatalogue } from '@lockstep/core/software';
import type { Audit, Caller } from '../access/index.js';
import { PAST_MS } from '../pairs/index.js';
import { type Clock, type Database, type Jobs, type Leadership, type Log, ProblemError } from '../platform/index.js';
import { AT_LEAST_S, type ReplayBody } from './ask.js';
import { type DifferencesQuery, listDifferences, listReplays, type ReplayRow, type ReplaysQuery, replayView } from './replay-rows.js';
import { Runner } from './runner.js';

/** Replays that may wait or run at once. */
const MOST_WAITING = 5;
/** How often what waits is looked for, and what its server left behind, ms. */
const SWEEP_MS = 15_000;
/** A replay whose row did not move for this long belongs to nobody any more: its server is gone. */
const LOST_MS = 60_000;
/** Turns of one replay: what fails thrice fails again. */
const ATTEMPTS = 3;
/** How long results are kept, ms. */
const KEPT_MS = 7 * 86_400_000;

export interface ReplaysDeps {
  database: Pick<Database, 'pool' | 'tx'>;
  /** Where versions are judged by; without it none is. */
  catalogue: () => PreparedCatalogue | undefined;
  jobs: Pick<Jobs, 'add' | 'handle' | 'isUp'>;
  leader: Leadership;
  audit: Audit;
  clock: Clock;
  log: Log;
}

/** Trials of other rules on what is stored: asked for by people, done by one server at a time. Rows decide; jobs only say that there is work. */
export class Replays {
  readonly #runner: Runner;
  readonly #log: Log;
  #timer: NodeJS.Timeout | null = null;
  #isStopping = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: ReplaysDeps) {
    const { database, catalogue, clock, jobs } = deps;
    this.#log = deps.log.child({ room: 'replay' });
    this.#runner = new Runner({ database, catalogue, clock, log: this.#log });
    // The job is over once somebody works: a replay that runs for minutes is kept alive by its row, not by the queue.
    jobs.handle('replay.run', async () => {
      this.#begin();
    });
  }

  start(): void {
    this.#timer = setInterval(() => {
      void this.sweep().catch((error: unknown) => this.#log.warn('a sweep of replays failed, the next one tries again', { error }));
    }, SWEEP_MS);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer) clearInterval(this.#timer);
    this.#runner.stop();
    await this.#running;
  }

  /** Resolves when this server works on none. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** @throws ProblemError 404 for a host that does not exist, 409 when too many wait */
  async ask(body: ReplayBody, caller: Caller, address: string): Promise<ReplayView> {
    const { database, audit, clock } = this.deps;
    const id = randomUUID();
    const now = clock.now();
    const row = await database.tx(async (tx) => {
      if (body.hostId !== undefined) {
        const host = await tx.query('SELECT FROM host_key WHERE id = $1', [body.hostId]);
        if (host.rows.length === 0)
          throw new ProblemError(404, 'not-found', 'There is no such host.', [{ field: 'hostId', message: 'names no host' }]);
      }
      const waiting = await tx.query<{ n: number }>(`SELECT count(*)::int AS n FROM replay WHERE state IN ('queued', 'running')`);
      if ((waiting.rows[0]?.n ?? 0) >= MOST_WAITING)
        throw new ProblemError(409, 'too-many', `${MOST_WAITING} trials wait or run already. Wait for one, or cancel one.`);
      const from = Math.max(now - PAST_MS, now - body.days * 86_400_000);
      const { rows } = await tx.query<ReplayRow>(
        `INSERT INTO replay (id, state, asked_by_kind, asked_by_id, asked_by, asked_at, "from", until, against, at_least_ms, os, cause, host_id, overlay)
         VALUES ($1, 'queued', $2, $3, $4, $5, $6, $5, $7, $8, $9, $10, $11, $12) RETURNING *`,
        [
          id,
          caller.kind,
          caller.id,
          caller.name,
          new Date(now),
          new Date(from),
          body.against,
          (body.atLeastS ?? AT_LEAST_S[body.against]) * 1000,
          body.os ?? null,
          body.cause ?? null,
          body.hostId ?? null,
          JSON.stringify(body.overlay),
        ],
      );
      await audit.write(tx, {
        actor: caller,
        action: 'replay.asked',
        subject: { kind: 'replay', id },
        address,
        detail: { against: body.against, days: body.days, overlay: JSON.stringify(body.overlay) },
      });
      return rows[0] as ReplayRow;
    });
    await this.#tell(id);
    return replayView(row);
  }

  list(query: ReplaysQuery): Promise<{ items: ReplayView[]; next: string | null }> {
    return listReplays(this.deps.database.pool, query);
  }

  /** @throws ProblemError 404 */
  async one(id: string): Promise<ReplayView> {
    const { rows } = await this.deps.database.pool.query<ReplayRow>('SELECT * FROM replay WHERE id = $1', [id]);
    if (!rows[0]) throw new ProblemError(404, 'not-found', 'There is no such trial. Results are kept for 7 days.');
    return replayView(rows[0]);
  }

  /** What it found so far; of a replay that there is not (any more), nothing. */
  differences(query: DifferencesQuery): Promise<{ items: ReplayDifferenceView[]; next: string | null }> {
    return listDifferences(this.deps.database.pool, query);
  }

  /** Whoever runs it notices within a second. @throws ProblemError 404, 409 when it is over */
  async cancel(id: string, caller: Caller, address: string): Promise<ReplayView> {
    const { database, audit, clock } = this.deps;
    const row = await database.tx(async (tx) => {
      const { rows } = await tx.query<ReplayRow>(
        `UPDATE replay SET state = 'cancelled', ended_at = $2 WHERE id = $1 AND state IN ('queued', 'running') RETURNING *`,
        [id, clock.date()],
      );
      if (rows[0]) await audit.write(tx, { actor: caller, action: 'replay.cancelled', subject: { kind: 'replay', id }, address });
      return rows[0];
    });
    if (row) return replayView(row);
    await this.one(id);
    throw new ProblemError(409, 'too-late', 'This trial is over.');
  }

  /** Brings back what a dead server left, ends what is too old, and says again that there is work. */
  async sweep(): Promise<void> {
    const { database, leader, clock } = this.deps;
    if (!leader.isLeader || this.#isStopping) return;
    const now = clock.now();
    await database.pool.query(
      `UPDATE replay SET state = CASE WHEN attempts >= $2 THEN 'failed' ELSE 'queued' END, ended_at = CASE WHEN attempts >= $2 THEN $3::timestamptz END
       WHERE state = 'running' AND beat_at < $1`,
      [new Date(now - LOST_MS), ATTEMPTS, new Date(now)],
    );
    await database.pool.query('DELETE FROM replay WHERE ended_at < $1', [new Date(now - KEPT_MS)]);
    const { rows } = await database.pool.query<{ id: string }>(
      `SELECT id FROM replay WHERE state = 'queued' AND NOT EXISTS (SELECT FROM replay WHERE state = 'running') ORDER BY asked_at, id LIMIT 1`,
    );
    if (rows[0]) await this.#tell(rows[0].id);
  }

  /** Says that there is work; without a queue this server does it. */
  async #tell(replayId: string): Promise<void> {
    await this.deps.jobs.add('replay.run', { replayId }, { id: replayId }).catch((error: unknown) => {
      this.#log.warn('the queue takes no jobs, the replay is done without it', { replayId, error });
      this.#begin();
    });
  }

  #begin(): void {
    this.#running = this.#running.then(async () => {
      try {
        let row = await this.#claim();
        while (row && !this.#isStopping) {
          await this.#work(row);
          row = await this.#claim();
        }
      } catch (error) {
        this.#log.warn('a replay could not be begun, the sweep tries again', { error });
      }
    });
  }

  /** Takes the oldest that waits, if none runs anywhere: the index refuses a second one. */
  async #claim(): Promise<ReplayRow | null> {
    if (this.#isStopping) return null;
    const { database, clock } = this.deps;
    try {
      const { rows } = await database.pool.query<ReplayRow>(
        `UPDATE replay SET state = 'running', started_at = coalesce(started_at, $1), beat_at = $1, attempts = attempts + 1
         WHERE id = (SELECT id FROM replay WHERE state = 'queued' AND NOT EXISTS (SELECT FROM replay WHERE state = 'running')
           ORDER BY asked_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) AND state = 'queued' RETURNING *`,
        [clock.date()],
      );
      return rows[0] ?? null;
    } catch (error) {
      if ((error as { code?: string }).code === '23505') return null;
      throw error;
    }
  }

  async #work(row: ReplayRow): Promise<void> {
    const { database, clock } = this.deps;
    const outcome = await this.#runner.run(row).catch((error: unknown) => {
      this.#log.error('a replay failed', { replayId: row.id, attempt: row.attempts, error });
      return row.attempts >= ATTEMPTS ? ('failed' as const) : ('yielded' as const);
    });
    if (outcome === 'cancelled') return;
    const state = outcome === 'yielded' ? 'queued' : outcome;
    await database.pool.query(`UPDATE replay SET state = $2, ended_at = $3 WHERE id = $1 AND state = 'running' AND attempts = $4`, [
      row.id,
      state,
      state === 'queued' ? null : clock.date(),
      row.attempts,
    ]);
  }
}
