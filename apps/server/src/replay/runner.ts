import { setTimeout as rest, setImmediate } from 'node:timers/promises';
import { type Difference, RulesOverlay, replay, tableOf } from '@lockstep/core/replay';
import { apart, type PreparedCatalogue } from '@lockstep/core/software';
import type { Clock, Database, Log } from '../platform/index.js';
import { type PairIds, readPast } from './read-past.js';
import { addShares, type Count, type ReplayRow } from './replay-rows.js';

/** The longest that a replay works, ms: after this what it found so far is shown, and that it is not whole. */
const MOST_MS = 15 * 60_000;
/** Differences that are kept of one replay; what comes after is counted only. */
const MOST_DIFFERENCES = 20_000;
/** It works this long at a stretch, then rests as long: agents are answered by the same thread. */
const STRETCH_MS = 8;
/** How often its row says how far it is, ms. */
const BEAT_MS = 1_000;
/** Rows of one insert. */
const LOT = 500;

export interface RunnerDeps {
  database: Pick<Database, 'pool'>;
  catalogue: () => PreparedCatalogue | undefined;
  clock: Clock;
  log: Log;
}

/** What becomes of one turn. `yielded`: this server stops, another one begins it anew. */
export type Outcome = 'done' | 'cancelled' | 'failed' | 'yielded';

/** Lives hosts' pasts through, one after the other, with as little of memory and database as that takes. */
export class Runner {
  #isStopping = false;
  constructor(private readonly deps: RunnerDeps) {}

  stop(): void {
    this.#isStopping = true;
  }

  /** Does a replay that was claimed: its row says `running`, and whoever makes it say something else ends this. */
  async run(row: ReplayRow): Promise<Outcome> {
    const { database, clock, catalogue } = this.deps;
    const db = database.pool;
    const began = performance.now();
    const window = { from: row.from.getTime(), until: row.until.getTime() };
    const overlay = RulesOverlay.safeParse(row.overlay);
    // An overlay of an older version may name what this one does not know any more.
    if (!overlay.success) return 'failed';
    const table = tableOf(overlay.data);
    const known = catalogue();
    const options = { window, against: row.against, atLeastMs: row.at_least_ms, catalogue: known ? apart(known) : null };
    await db.query('DELETE FROM replay_difference WHERE replay_id = $1', [row.id]);
    const hosts = await db.query<{ id: string }>(
      `SELECT h.id FROM host_key h WHERE ($1::text IS NULL OR h.os = $1) AND ($2::uuid IS NULL OR h.id = $2)
       AND EXISTS (SELECT FROM pair p WHERE p.host_id = h.id) ORDER BY h.id`,
      [row.os, row.host_id],
    );
    const counts = new Map<string | null, Count>();
    const so = { hosts: hosts.rows.length, done: 0, pairs: 0, diagnoses: 0, differences: 0, cut: null as ReplayRow['cut'] };
    let toldAt = 0;
    /** Writes how far it is. False when it is no longer to go on. */
    const beat = async (force: boolean): Promise<boolean> => {
      if (!force && performance.now() - toldAt < BEAT_MS) return true;
      toldAt = performance.now();
      const { rowCount } = await db.query(
        `UPDATE replay SET beat_at = $2, hosts = $3, hosts_done = $4, pairs = $5, diagnoses = $6, differences = $7, counts = $8, cut = $9
         WHERE id = $1 AND state = 'running' AND attempts = $10`,
        [
          row.id,
          clock.date(),
          so.hosts,
          so.done,
          so.pairs,
          so.diagnoses,
          so.differences,
          JSON.stringify([...counts.values()]),
          so.cut,
          row.attempts,
        ],
      );
      return rowCount === 1;
    };
    if (!(await beat(true))) return 'cancelled';
    for (const { id: hostId } of hosts.rows) {
      const { past, ids, isCut } = await readPast(db, hostId, window);
      if (isCut) so.cut = 'facts';
      const steps = replay(past, table, options);
      let since = performance.now();
      for (let step = steps.next(); ; step = steps.next()) {
        if (step.done) {
          so.done++;
          so.pairs += past.pairs.length;
          addShares(counts, step.value);
          const found = step.value.flatMap((p) => p.differences);
          const kept = row.cause === null ? found : found.filter((d) => d.before.cause === row.cause || d.after.cause === row.cause);
          if (so.differences + kept.length > MOST_DIFFERENCES) so.cut ??= 'differences';
          await this.#write(row.id, so.differences, kept.slice(0, Math.max(0, MOST_DIFFERENCES - so.differences)), ids);
          so.differences += kept.length;
          break;
        }
        so.diagnoses += step.value;
        const worked = performance.now() - since;
        if (worked < STRETCH_MS) continue;
        if (this.#isStopping) return 'yielded';
        if (!(await beat(false))) return 'cancelled';
        await rest(worked);
        since = performance.now();
      }
      if (this.#isStopping) return 'yielded';
      if (!(await beat(false))) return 'cancelled';
      if (performance.now() - began > MOST_MS && so.done < so.hosts) {
        so.cut = 'time';
        break;
      }
      await setImmediate();
    }
    return (await beat(true)) ? 'done' : 'cancelled';
  }

  async #write(replayId: string, before: number, found: readonly Difference[], ids: readonly PairIds[]): Promise<void> {
    const pairIds = new Map(ids.map((p) => [p.udid, p.id]));
    const rows = found.map((d, n) => ({
      n: before + n + 1,
      pair_id: pairIds.get(d.udid),
      from: new Date(d.from).toISOString(),
      until: new Date(d.until).toISOString(),
      before: d.before,
      after: d.after,
      evidence: d.evidence,
    }));
    for (let i = 0; i < rows.length; i += LOT) {
      await this.deps.database.pool.query(
        `INSERT INTO replay_difference (replay_id, n, pair_id, "from", until, before, after, evidence)
         SELECT $1, n, pair_id, "from", until, before, after, evidence FROM json_to_recordset($2::json)
           AS r(n int, pair_id uuid, "from" timestamptz, until timestamptz, before jsonb, after jsonb, evidence jsonb) ON CONFLICT DO NOTHING`,
        [replayId, JSON.stringify(rows.slice(i, i + LOT))],
      );
    }
  }
}
