import { FIX_IDS } from '@lockstep/core/fixes';
import { CauseId } from '@lockstep/core/health';
import { type EfficacyView, RUN_STATES, type RunView } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Queryable } from '../pairs/index.js';
import { type Cursor, decodeCursor, PageQuery, pageOf } from '../platform/index.js';
import { RUNS, type RunRecord, runView } from './run-rows.js';

/** Query of GET /fix-runs. Several states are separated by commas. */
export const RunsQuery = PageQuery.omit({ q: true }).extend({
  sort: z.enum(['askedAt', '-askedAt']).default('-askedAt'),
  state: z
    .string()
    .transform((s) => s.split(','))
    .pipe(z.array(z.enum(RUN_STATES)).min(1).max(RUN_STATES.length))
    .optional(),
  fix: z.enum(FIX_IDS).optional(),
  cause: CauseId.optional(),
  host: z.uuid().optional(),
  pair: z.uuid().optional(),
});
export type RunsQuery = z.output<typeof RunsQuery>;

/**
 * A page of fix runs.
 * @throws ProblemError 400 for a cursor of another list or sort.
 */
export async function listRuns(db: Queryable, query: RunsQuery): Promise<{ items: RunView[]; next: string | null }> {
  const after = decodeCursor(query.after, z.tuple([z.literal(query.sort), z.iso.datetime(), z.uuid()]));
  const values: unknown[] = [];
  const value = (v: unknown) => `$${values.push(v)}`;
  const where: string[] = [];
  if (query.state) where.push(`r.state = ANY(${value(query.state)})`);
  if (query.fix) where.push(`r.fix = ${value(query.fix)}`);
  if (query.cause) where.push(`r.cause = ${value(query.cause)}`);
  if (query.host) where.push(`r.host_id = ${value(query.host)}`);
  if (query.pair) where.push(`r.pair_id = ${value(query.pair)}`);
  const isDescending = query.sort === '-askedAt';
  if (after) where.push(`(r.asked_at, r.id) ${isDescending ? '<' : '>'} (${value(after[1])}::timestamptz, ${value(after[2])}::uuid)`);
  const direction = isDescending ? 'DESC' : 'ASC';
  const rows = await db.query<RunRecord>(
    `${RUNS} ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY r.asked_at ${direction}, r.id ${direction} LIMIT ${value(query.limit + 1)}`,
    values,
  );
  return pageOf(rows.rows, query.limit, runView, (r): Cursor => [query.sort, r.asked_at.toISOString(), r.id]);
}

/** The last runs that concern a pair: its own, and those of its host as a whole. */
export async function runsOfPair(db: Queryable, pair: { id: string; hostId: string }, limit: number): Promise<RunView[]> {
  const { rows } = await db.query<RunRecord>(
    `${RUNS} WHERE r.pair_id = $1 OR (r.host_id = $2 AND r.pair_id IS NULL) ORDER BY r.asked_at DESC LIMIT $3`,
    [pair.id, pair.hostId, limit],
  );
  return rows.map(runView);
}

export type Efficacy = z.output<typeof EfficacyView>;

/** How often each fix helped against each cause. Runs in which the agent touched nothing say nothing about the fix. */
export async function efficacy(db: Queryable): Promise<Efficacy[]> {
  const { rows } = await db.query<Efficacy>(
    `SELECT fix, cause, count(*)::int AS judged, count(*) FILTER (WHERE verdict = 'cured')::int AS cured FROM fix_run
     WHERE state = 'judged' AND mechanics IS DISTINCT FROM 'refused' GROUP BY fix, cause ORDER BY fix, cause`,
  );
  return rows;
}
