import { CauseId, text } from '@lockstep/core/health';
import type { AssigneeView, TicketLink, TicketRow, TicketSummary } from '@lockstep/core/protocol';
import { TICKET_PRIORITIES, TICKET_STATES, type TicketPriority } from '@lockstep/core/tickets';
import { z } from 'zod';
import type { Caller } from '../access/index.js';
import type { Queryable } from '../pairs/index.js';
import { type Cursor, decodeCursor, PageQuery, pageOf } from '../platform/index.js';
import { type NamedTicket, TICKETS, type TicketRecord, ticketLink, ticketRow } from './ticket-rows.js';

const list = <T extends readonly [string, ...string[]]>(words: T) =>
  z
    .string()
    .transform((s) => s.split(','))
    .pipe(z.array(z.enum(words)).min(1).max(words.length));

/** How tickets may be sorted; ascending, or descending with `-` in front. `priority` begins with the most urgent; equals stand in the order of their numbers. */
const SORTS = {
  priority: { sql: 't.priority', cast: 'ticket_priority', key: z.enum(TICKET_PRIORITIES), of: (r: TicketRecord) => r.priority },
  number: { sql: 't.number', cast: 'integer', key: z.int(), of: (r: TicketRecord) => r.number },
  openedAt: { sql: 't.opened_at', cast: 'timestamptz', key: z.iso.datetime(), of: (r: TicketRecord) => r.opened_at.toISOString() },
  changedAt: { sql: 't.changed_at', cast: 'timestamptz', key: z.iso.datetime(), of: (r: TicketRecord) => r.changed_at.toISOString() },
} as const;
type Sort = keyof typeof SORTS;
const SORT_WORDS = (Object.keys(SORTS) as Sort[]).flatMap((s) => [s, `-${s}`] as const) as [Sort | `-${Sort}`, ...(Sort | `-${Sort}`)[]];

/** Query of GET /tickets. Several words of one filter are separated by commas. */
export const TicketsQuery = PageQuery.extend({
  sort: z.enum(SORT_WORDS).default('priority'),
  state: list(TICKET_STATES).optional(),
  priority: list(TICKET_PRIORITIES).optional(),
  cause: CauseId.optional(),
  host: z.uuid().optional(),
  /** The pair's own tickets and its host's. */
  pair: z.uuid().optional(),
  /** A person's id, `me`, or `none`. */
  assignee: z.union([z.uuid(), z.enum(['me', 'none'])], { error: 'must be a person’s id, me or none' }).optional(),
});
export type TicketsQuery = z.output<typeof TicketsQuery>;

/** Escapes what LIKE reads as a pattern. */
const likeText = (s: string) => `%${s.replace(/[\\%_]/g, (c) => `\\${c}`)}%`;

/**
 * A page of tickets.
 * @throws ProblemError 400 for a cursor of another list or sort.
 */
export async function listTickets(
  db: Queryable,
  query: TicketsQuery,
  caller: Caller,
): Promise<{ items: TicketRow[]; next: string | null }> {
  const isDescending = query.sort.startsWith('-');
  const sort = SORTS[query.sort.replace('-', '') as Sort];
  const after = decodeCursor(query.after, z.tuple([z.literal(query.sort), sort.key, z.int().min(0).max(2_147_483_647)]));
  const values: unknown[] = [];
  const value = (v: unknown) => `$${values.push(v)}`;
  const where: string[] = [];
  if (query.state) where.push(`t.state = ANY(${value(query.state)})`);
  if (query.priority) where.push(`t.priority = ANY(${value(query.priority)}::ticket_priority[])`);
  if (query.cause) where.push(`t.cause = ${value(query.cause)}`);
  if (query.host) where.push(`t.host_id = ${value(query.host)}`);
  if (query.pair) {
    const id = value(query.pair);
    where.push(`t.host_id = (SELECT host_id FROM pair WHERE id = ${id}) AND t.udid IN ('', (SELECT udid FROM pair WHERE id = ${id}))`);
  }
  if (query.assignee === 'none') where.push('t.assignee IS NULL');
  else if (query.assignee === 'me') where.push(caller.kind === 'person' ? `t.assignee_id = ${value(caller.id)}` : 'false');
  else if (query.assignee !== undefined) where.push(`t.assignee_id = ${value(query.assignee)}`);
  if (query.q !== undefined && query.q !== '') {
    const q = value(likeText(query.q));
    const number = /^#?(\d{1,9})$/.exec(query.q)?.[1];
    where.push(
      `(t.title ILIKE ${q} OR h.hostname ILIKE ${q} OR d.name ILIKE ${q} OR t.udid ILIKE ${q}${number === undefined ? '' : ` OR t.number = ${value(Number(number))}`})`,
    );
  }
  if (after)
    where.push(`(${sort.sql}, t.number) ${isDescending ? '<' : '>'} (${value(after[1])}::${sort.cast}, ${value(after[2])}::integer)`);
  const direction = isDescending ? 'DESC' : 'ASC';
  const rows = await db.query<NamedTicket>(
    `${TICKETS} ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY ${sort.sql} ${direction}, t.number ${direction} LIMIT ${value(query.limit + 1)}`,
    values,
  );
  return pageOf(rows.rows, query.limit, ticketRow, (r): Cursor => [query.sort, sort.of(r), r.number]);
}

/** The rows of these tickets, in no order. */
export async function ticketRowsOf(db: Queryable, ids: readonly string[]): Promise<TicketRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await db.query<NamedTicket>(`${TICKETS} WHERE t.id = ANY($1::uuid[])`, [ids]);
  return rows.map(ticketRow);
}

/** Counts of the open tickets. */
export async function summariseTickets(db: Queryable, now: number): Promise<TicketSummary> {
  const { rows } = await db.query<{ priority: TicketPriority; n: number; unassigned: number; gone: number }>(
    `SELECT priority, count(*)::int AS n, count(*) FILTER (WHERE assignee IS NULL)::int AS unassigned, count(*) FILTER (WHERE gone_at IS NOT NULL)::int AS gone
     FROM ticket WHERE state = 'open' GROUP BY priority`,
  );
  const summary: TicketSummary = {
    open: 0,
    priority: { urgent: 0, high: 0, normal: 0, low: 0 },
    unassigned: 0,
    gone: 0,
    at: new Date(now).toISOString(),
  };
  for (const { priority, n, unassigned, gone } of rows) {
    summary.open += n;
    summary.priority[priority] = n;
    summary.unassigned += unassigned;
    summary.gone += gone;
  }
  return summary;
}

/** Open tickets of a pair and of its host, the host's first: it may explain the pair's. */
export async function openTicketsOf(db: Queryable, pair: { hostId: string; udid: string }): Promise<TicketLink[]> {
  const { rows } = await db.query<TicketRecord>(
    `SELECT * FROM ticket WHERE host_id = $1 AND udid IN ('', $2) AND state = 'open' ORDER BY udid <> '', priority, number`,
    [pair.hostId, pair.udid],
  );
  return rows.map(ticketLink);
}

/** Names that a ticket may be given to without typing: people who may work on it, and names that open tickets were given to before. */
export async function assignees(db: Queryable): Promise<AssigneeView[]> {
  const { rows } = await db.query<{ id: string | null; name: string }>(
    `SELECT id, name FROM person WHERE disabled_at IS NULL AND role <> 'viewer'
     UNION SELECT NULL, assignee FROM ticket WHERE assignee IS NOT NULL AND assignee_id IS NULL AND state = 'open' ORDER BY name, id LIMIT 200`,
  );
  return rows.map((r) => ({ personId: r.id, name: r.name }));
}

/** Longest name of somebody who does not sign in here. */
export const AssigneeName = text(100).trim().min(1);
