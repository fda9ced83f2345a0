import { CauseId, HEALTHS, type Health, LAYERS, PRESENCES } from '@lockstep/core/health';
import type { PairRow } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Cursor, decodeCursor, PageQuery, pageOf } from '../platform/index.js';
import { DEVICE_NAME, PAIR_COLUMNS, PAIR_TABLES, type PairRecord, pairRow, type Queryable } from './pair-rows.js';

const list = <T extends readonly [string, ...string[]]>(words: T) =>
  z
    .string()
    .transform((s) => s.split(','))
    .pipe(z.array(z.enum(words)).min(1).max(words.length));

/** What needs a person soonest first: the order of the database's enum. */
const WORST_FIRST: readonly Health[] = ['broken', 'waiting', 'unknown', 'degraded', 'healthy'];
/** An away pair's verdict is an old one, counted in no total: whatever it says, it comes behind every attached pair. */
const BEHIND = WORST_FIRST.length;
const urgency = (r: PairRecord) => (r.presence === 'attached' ? 0 : BEHIND) + WORST_FIRST.indexOf(r.health);
const URGENCY = `(CASE p.presence WHEN 'attached' THEN 0 ELSE ${BEHIND} END + array_position(enum_range(NULL::health), p.health) - 1)`;

/** How a list of pairs may be sorted; ascending, or descending with `-` in front. `health` begins with what needs a person soonest. */
const SORTS = {
  since: { sql: 'p.since', cast: 'timestamptz', key: z.iso.datetime(), of: (r: PairRecord) => r.since.toISOString() },
  seenAt: { sql: 'p.seen_at', cast: 'timestamptz', key: z.iso.datetime(), of: (r: PairRecord) => r.seen_at.toISOString() },
  health: {
    sql: URGENCY,
    cast: 'int',
    key: z
      .int()
      .min(0)
      .max(2 * BEHIND),
    of: urgency,
  },
  host: { sql: 'h.hostname', cast: 'text', key: z.string(), of: (r: PairRecord) => r.hostname },
  device: { sql: DEVICE_NAME, cast: 'text', key: z.string(), of: (r: PairRecord) => r.device_name },
} as const;
type Sort = keyof typeof SORTS;
const SORT_NAMES = Object.keys(SORTS) as Sort[];
const SORT_WORDS = SORT_NAMES.flatMap((s) => [s, `-${s}`] as const) as [Sort | `-${Sort}`, ...(Sort | `-${Sort}`)[]];

/** Query of GET /pairs. Several words of one filter are separated by commas. */
export const PairsQuery = PageQuery.extend({
  sort: z.enum(SORT_WORDS).default('health'),
  health: list(HEALTHS).optional(),
  presence: list(PRESENCES).optional(),
  layer: list(LAYERS).optional(),
  host: z.uuid().optional(),
  cause: CauseId.optional(),
});
export type PairsQuery = z.output<typeof PairsQuery>;

/** Query of GET /pairs.csv: all rows, so nothing to page by. */
export const PairsFilter = PairsQuery.omit({ limit: true, after: true });
export type PairsFilter = z.output<typeof PairsFilter>;

/** Escapes what LIKE reads as a pattern. */
export const likeText = (s: string) => `%${s.replace(/[\\%_]/g, (c) => `\\${c}`)}%`;

/**
 * A page of pairs. `layer` and `cause` mean the primary cause. `health` speaks of attached pairs, as the totals do; with `presence` it
 * speaks of what is asked for.
 * @throws ProblemError 400 for a cursor of another list or sort.
 */
export async function listPairs(
  db: Queryable,
  query: PairsQuery,
  isConnected: (hostId: string) => boolean,
): Promise<{ items: PairRow[]; next: string | null }> {
  const { isDescending, sort } = sorting(query);
  const after = decodeCursor(query.after, z.tuple([z.literal(query.sort), sort.key, z.uuid()]));
  const values: unknown[] = [];
  const value = (v: unknown) => `$${values.push(v)}`;
  const where = filters(query, value);
  if (after) where.push(`(${sort.sql}, p.id) ${isDescending ? '<' : '>'} (${value(after[1])}::${sort.cast}, ${value(after[2])}::uuid)`);
  const rows = await db.query<PairRecord>(`SELECT ${PAIR_COLUMNS} ${listed(query, where)} LIMIT ${value(query.limit + 1)}`, values);
  return pageOf(
    rows.rows,
    query.limit,
    (r) => pairRow(r, isConnected),
    (r): Cursor => [query.sort, sort.of(r), r.id],
  );
}

/** Every pair that a list with these filters holds, as ids in its order, at one moment. */
export async function listPairIds(db: Queryable, query: PairsFilter): Promise<string[]> {
  const values: unknown[] = [];
  const where = filters(query, (v) => `$${values.push(v)}`);
  const { rows } = await db.query<{ id: string }>(`SELECT p.id ${listed(query, where)}`, values);
  return rows.map((r) => r.id);
}

function sorting(query: Pick<PairsQuery, 'sort'>) {
  return { isDescending: query.sort.startsWith('-'), sort: SORTS[query.sort.replace('-', '') as Sort] };
}

function filters(query: PairsFilter, value: (v: unknown) => string): string[] {
  const where: string[] = [];
  const presence = query.presence ?? (query.health ? ['attached' as const] : undefined);
  if (query.health) where.push(`p.health = ANY(${value(query.health)}::health[])`);
  if (presence) where.push(`p.presence = ANY(${value(presence)}::presence[])`);
  if (query.layer) where.push(`p.primary_layer = ANY(${value(query.layer)}::layer[])`);
  if (query.host) where.push(`p.host_id = ${value(query.host)}`);
  if (query.cause) where.push(`p.primary_cause = ${value(query.cause)}`);
  if (query.q !== undefined && query.q !== '') {
    const q = value(likeText(query.q));
    where.push(`(h.hostname ILIKE ${q} OR ${DEVICE_NAME} ILIKE ${q} OR p.udid ILIKE ${q} OR d.model ILIKE ${q})`);
  }
  return where;
}

/** Tables, conditions and order of a list: ids break ties. */
function listed(query: Pick<PairsQuery, 'sort'>, where: readonly string[]): string {
  const { isDescending, sort } = sorting(query);
  const direction = isDescending ? 'DESC' : 'ASC';
  return `FROM ${PAIR_TABLES} ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY ${sort.sql} ${direction}, p.id ${direction}`;
}

/** The rows of these pairs, in no order; those that do not exist are left out. */
export async function pairRowsOf(db: Queryable, ids: readonly string[], isConnected: (hostId: string) => boolean): Promise<PairRow[]> {
  if (ids.length === 0) return [];
  const rows = await db.query<PairRecord>(`SELECT ${PAIR_COLUMNS} FROM ${PAIR_TABLES} WHERE p.id = ANY($1::uuid[])`, [ids]);
  return rows.rows.map((r) => pairRow(r, isConnected));
}
