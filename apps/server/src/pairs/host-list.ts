import { causeTitle } from '@lockstep/core/diagnosis';
import { CauseId, HEALTHS, type Health, text } from '@lockstep/core/health';
import type { HostRow } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Cursor, decodeCursor, PageQuery, pageOf } from '../platform/index.js';
import { likeText } from './pair-list.js';
import type { Queryable } from './pair-rows.js';

/** What the room knows of connections without asking the database. */
export interface Presences {
  isConnected(hostId: string): boolean;
  /** Every host that is connected now. */
  connectedIds(): string[];
  /** When the host was last heard, ms, where that is newer than what is stored. */
  heardAt(hostId: string): number | null;
}

const yesOrNo = z.enum(['true', 'false']).transform((s) => s === 'true');

/** Query of GET /hosts. `q` looks in names, system and agent versions; `cause` means one that is open on the computer itself. */
export const HostsQuery = PageQuery.extend({
  sort: z.enum(['name', '-name', 'enrolledAt', '-enrolledAt']).default('name'),
  health: z.enum(HEALTHS).optional(),
  connected: yesOrNo.optional(),
  revoked: yesOrNo.optional(),
  os: z.enum(['linux', 'macos', 'windows']).optional(),
  agent: text(32).optional(),
  cause: CauseId.optional(),
});
export type HostsQuery = z.output<typeof HostsQuery>;

interface HostRecord {
  id: string;
  hostname: string;
  os: HostRow['os'];
  os_version: string;
  arch: string;
  agent: string;
  epoch: string | null;
  epochs: number | null;
  connected_at: Date | null;
  last_contact_at: Date | null;
  enrolled_at: Date;
  revoked_at: Date | null;
  health: Health;
  causes: { cause: string; health: HostRow['causes'][number]['health'] }[];
  pairs: number;
  open_findings: number;
}

const HOSTS = `SELECT h.id, h.hostname, h.os, h.os_version, h.arch, h.agent, l.epoch, l.epochs, l.connected_at, l.last_contact_at, h.enrolled_at, h.revoked_at,
  coalesce(s.health, 'unknown') AS health,
  (SELECT coalesce(json_agg(json_build_object('cause', f.cause, 'health', f.health) ORDER BY f.opened_at, f.cause), '[]')
   FROM finding f WHERE f.host_id = h.id AND f.udid = '' AND f.state = 'open') AS causes,
  (SELECT count(*)::int FROM pair p WHERE p.host_id = h.id) AS pairs,
  (SELECT count(*)::int FROM finding f WHERE f.host_id = h.id AND f.state = 'open' AND f.health <> 'advisory') AS open_findings
  FROM host_key h LEFT JOIN host_link l ON l.host_id = h.id LEFT JOIN host_state s ON s.host_id = h.id`;

function hostRow(r: HostRecord, presences: Presences): HostRow {
  const stored = r.last_contact_at?.getTime() ?? null;
  const heard = Math.max(stored ?? 0, presences.heardAt(r.id) ?? 0);
  return {
    id: r.id,
    name: r.hostname,
    os: r.os,
    osVersion: r.os_version,
    arch: r.arch,
    agent: r.agent,
    connected: presences.isConnected(r.id),
    connectedAt: r.connected_at?.toISOString() ?? null,
    epoch: r.epoch,
    epochs: r.epochs ?? 0,
    lastContactAt: heard === 0 ? null : new Date(heard).toISOString(),
    enrolledAt: r.enrolled_at.toISOString(),
    revokedAt: r.revoked_at?.toISOString() ?? null,
    health: r.health,
    causes: r.causes.map((c) => ({ ...c, title: causeTitle(c.cause) })),
    pairs: r.pairs,
    openFindings: r.open_findings,
  };
}

/**
 * A page of hosts.
 * @throws ProblemError 400 for a cursor of another list or sort.
 */
export async function listHosts(
  db: Queryable,
  query: HostsQuery,
  presences: Presences,
): Promise<{ items: HostRow[]; next: string | null }> {
  const byName = query.sort.endsWith('name');
  const column = byName ? 'h.hostname' : 'h.enrolled_at';
  const after = decodeCursor(query.after, z.tuple([z.literal(query.sort), byName ? z.string() : z.iso.datetime(), z.uuid()]));
  const values: unknown[] = [];
  const value = (v: unknown) => `$${values.push(v)}`;
  const where: string[] = [];
  if (query.health) where.push(`coalesce(s.health, 'unknown') = ${value(query.health)}::health`);
  if (query.revoked !== undefined) where.push(`h.revoked_at IS ${query.revoked ? 'NOT ' : ''}NULL`);
  if (query.connected !== undefined) where.push(`${query.connected ? '' : 'NOT '}h.id = ANY(${value(presences.connectedIds())}::uuid[])`);
  if (query.os) where.push(`h.os = ${value(query.os)}`);
  if (query.agent) where.push(`h.agent = ${value(query.agent)}`);
  if (query.cause)
    where.push(
      `EXISTS (SELECT 1 FROM finding f WHERE f.host_id = h.id AND f.udid = '' AND f.state = 'open' AND f.cause = ${value(query.cause)})`,
    );
  if (query.q !== undefined && query.q !== '') {
    const q = value(likeText(query.q));
    where.push(`(h.hostname ILIKE ${q} OR h.os_version ILIKE ${q} OR h.agent ILIKE ${q})`);
  }
  const isDescending = query.sort.startsWith('-');
  if (after)
    where.push(
      `(${column}, h.id) ${isDescending ? '<' : '>'} (${value(after[1])}::${byName ? 'text' : 'timestamptz'}, ${value(after[2])}::uuid)`,
    );
  const direction = isDescending ? 'DESC' : 'ASC';
  const rows = await db.query<HostRecord>(
    `${HOSTS} ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY ${column} ${direction}, h.id ${direction} LIMIT ${value(query.limit + 1)}`,
    values,
  );
  return pageOf(
    rows.rows,
    query.limit,
    (r) => hostRow(r, presences),
    (r): Cursor => [query.sort, byName ? r.hostname : r.enrolled_at.toISOString(), r.id],
  );
}

/** One host, or null. */
export async function hostById(db: Queryable, id: string, presences: Presences): Promise<HostRow | null> {
  const { rows } = await db.query<HostRecord>(`${HOSTS} WHERE h.id = $1`, [id]);
  return rows[0] ? hostRow(rows[0], presences) : null;
}
