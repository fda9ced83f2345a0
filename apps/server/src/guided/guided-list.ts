import { FIX_IDS } from '@lockstep/core/fixes';
import { CauseId } from '@lockstep/core/health';
import { EfficacyView, GUIDED_STATES, type GuidedRunView } from '@lockstep/core/protocol';
import { z } from 'zod';
import type { Queryable } from '../pairs/index.js';
import { type Cursor, decodeCursor, PageQuery, pageOf } from '../platform/index.js';
import { GUIDED, type GuidedRecord, guidedView, withSteps } from './guided-rows.js';

/** Query of GET /guided-runs. Several states are separated by commas. */
export const GuidedQuery = PageQuery.omit({ q: true }).extend({
  sort: z.enum(['startedAt', '-startedAt']).default('-startedAt'),
  state: z
    .string()
    .transform((s) => s.split(','))
    .pipe(z.array(z.enum(GUIDED_STATES)).min(1).max(GUIDED_STATES.length))
    .optional(),
  fix: z.enum(FIX_IDS).optional(),
  cause: CauseId.optional(),
  host: z.uuid().optional(),
  pair: z.uuid().optional(),
});
export type GuidedQuery = z.output<typeof GuidedQuery>;

/**
 * A page of guided runs.
 * @throws ProblemError 400 for a cursor of another list or sort.
 */
export async function listGuided(db: Queryable, query: GuidedQuery): Promise<{ items: GuidedRunView[]; next: string | null }> {
  const after = decodeCursor(query.after, z.tuple([z.literal(query.sort), z.iso.datetime(), z.uuid()]));
  const values: unknown[] = [];
  const value = (v: unknown) => `$${values.push(v)}`;
  const where: string[] = [];
  if (query.state) where.push(`r.state = ANY(${value(query.state)})`);
  if (query.fix) where.push(`r.fix = ${value(query.fix)}`);
  if (query.cause) where.push(`r.cause = ${value(query.cause)}`);
  if (query.host) where.push(`r.host_id = ${value(query.host)}`);
  if (query.pair) where.push(`r.pair_id = ${value(query.pair)}`);
  const isDescending = query.sort === '-startedAt';
  if (after) where.push(`(r.started_at, r.id) ${isDescending ? '<' : '>'} (${value(after[1])}::timestamptz, ${value(after[2])}::uuid)`);
  const direction = isDescending ? 'DESC' : 'ASC';
  const { rows } = await db.query<GuidedRecord>(
    `${GUIDED} ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY r.started_at ${direction}, r.id ${direction} LIMIT ${value(query.limit + 1)}`,
    values,
  );
  return pageOf(await withSteps(db, rows), query.limit, guidedView, (r): Cursor => [query.sort, r.started_at.toISOString(), r.id]);
}

/** The last guided runs that concern a pair: its own, and those of its host as a whole. */
export async function guidedOfPair(db: Queryable, pair: { id: string; hostId: string }, limit: number): Promise<GuidedRunView[]> {
  const { rows } = await db.query<GuidedRecord>(
    `${GUIDED} WHERE r.pair_id = $1 OR (r.host_id = $2 AND r.pair_id IS NULL) ORDER BY r.started_at DESC LIMIT $3`,
    [pair.id, pair.hostId, limit],
  );
  return (await withSteps(db, rows)).map(guidedView);
}

/** How often each guided fix helped against each cause. */
export async function guidedEfficacy(db: Queryable): Promise<z.output<typeof EfficacyView>[]> {
  const { rows } = await db.query<z.output<typeof EfficacyView>>(
    `SELECT fix, cause, count(*)::int AS judged, count(*) FILTER (WHERE verdict = 'cured')::int AS cured FROM guided_run
     WHERE state = 'judged' GROUP BY fix, cause ORDER BY fix, cause`,
  );
  return rows;
}
