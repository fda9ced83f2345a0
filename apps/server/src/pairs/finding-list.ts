import { causeTitle } from '@lockstep/core/diagnosis';
import { CauseId, type Layer } from '@lockstep/core/health';
import type { FindingView } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Cursor, decodeCursor, PageQuery, pageOf } from '../platform/index.js';
import { likeText } from './pair-list.js';
import { DEVICE_NAME, type Queryable } from './pair-rows.js';

/** Query of GET /findings. */
export const FindingsQuery = PageQuery.extend({
  sort: z.enum(['openedAt', '-openedAt']).default('-openedAt'),
  open: z
    .enum(['true', 'false'])
    .transform((s) => s === 'true')
    .optional(),
  cause: CauseId.optional(),
  host: z.uuid().optional(),
  /** The pair's own findings and its host's. */
  pair: z.uuid().optional(),
});
export type FindingsQuery = z.output<typeof FindingsQuery>;

export interface FindingRecord {
  id: string;
  host_id: string;
  hostname: string;
  pair_id: string | null;
  udid: string;
  device_name: string | null;
  cause: string;
  layer: Layer;
  health: FindingView['health'];
  confidence: number;
  evidence: (Omit<FindingView['evidence'][number], 'at'> & { at: number | null })[];
  explained_by: string | null;
  opened_at: Date;
  closed_at: Date | null;
  unstable_at: Date | null;
}

/** Pending findings are nobody's business: every reader leaves them out. */
export const FINDINGS = `SELECT f.id, f.host_id, h.hostname, p.id AS pair_id, f.udid, CASE WHEN d.udid IS NULL THEN NULL ELSE ${DEVICE_NAME} END AS device_name,
  f.cause, f.layer, f.health, f.confidence, f.evidence, f.explained_by, f.opened_at, f.closed_at, f.unstable_at
  FROM finding f JOIN host_key h ON h.id = f.host_id LEFT JOIN pair p ON p.host_id = f.host_id AND p.udid = f.udid LEFT JOIN device d ON d.udid = f.udid
  WHERE f.state <> 'pending'`;

/** A finding as clients see it. */
export function findingView(r: FindingRecord): FindingView {
  return {
    id: r.id,
    hostId: r.host_id,
    pairId: r.pair_id,
    udid: r.udid === '' ? null : r.udid,
    hostName: r.hostname,
    deviceName: r.device_name,
    cause: r.cause,
    title: causeTitle(r.cause),
    layer: r.layer,
    health: r.health,
    confidence: r.confidence,
    evidence: r.evidence.map((e) => ({ ...e, at: e.at === null ? null : new Date(e.at).toISOString() })),
    explainedBy: r.explained_by,
    openedAt: r.opened_at.toISOString(),
    closedAt: r.closed_at?.toISOString() ?? null,
    unstableSince: r.unstable_at?.toISOString() ?? null,
  };
}

/**
 * A page of findings, open and closed.
 * @throws ProblemError 400 for a cursor of another list or sort.
 */
export async function listFindings(db: Queryable, query: FindingsQuery): Promise<{ items: FindingView[]; next: string | null }> {
  const after = decodeCursor(query.after, z.tuple([z.literal(query.sort), z.iso.datetime(), z.uuid()]));
  const values: unknown[] = [];
  const value = (v: unknown) => `$${values.push(v)}`;
  const where: string[] = [];
  const isDescending = query.sort === '-openedAt';
  if (query.open !== undefined) where.push(`f.closed_at IS ${query.open ? '' : 'NOT '}NULL`);
  if (query.cause) where.push(`f.cause = ${value(query.cause)}`);
  if (query.host) where.push(`f.host_id = ${value(query.host)}`);
  if (query.pair) {
    const id = value(query.pair);
    where.push(`f.host_id = (SELECT host_id FROM pair WHERE id = ${id}) AND f.udid IN ('', (SELECT udid FROM pair WHERE id = ${id}))`);
  }
  if (query.q !== undefined && query.q !== '') {
    const q = value(likeText(query.q));
    where.push(`(h.hostname ILIKE ${q} OR d.name ILIKE ${q} OR f.udid ILIKE ${q})`);
  }
  if (after) where.push(`(f.opened_at, f.id) ${isDescending ? '<' : '>'} (${value(after[1])}::timestamptz, ${value(after[2])}::uuid)`);
  const direction = isDescending ? 'DESC' : 'ASC';
  const rows = await db.query<FindingRecord>(
    `${FINDINGS} ${where.map((w) => `AND ${w}`).join(' ')} ORDER BY f.opened_at ${direction}, f.id ${direction} LIMIT ${value(query.limit + 1)}`,
    values,
  );
  return pageOf(rows.rows, query.limit, findingView, (r): Cursor => [query.sort, r.opened_at.toISOString(), r.id]);
}

/** Findings of one pair and its host, open ones first, then those closed last. */
export async function findingsOfPair(db: Queryable, pair: { hostId: string; udid: string }, limit: number): Promise<FindingView[]> {
  const rows = await db.query<FindingRecord>(
    `${FINDINGS} AND f.host_id = $1 AND f.udid IN ('', $2) ORDER BY f.closed_at DESC NULLS FIRST, f.opened_at DESC LIMIT $3`,
    [pair.hostId, pair.udid, limit],
  );
  return rows.rows.map(findingView);
}
