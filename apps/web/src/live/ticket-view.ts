import { CauseId } from '@lockstep/core/health';
import type { TicketRow } from '@lockstep/core/protocol';
import { TICKET_PRIORITIES, type TicketPriority } from '@lockstep/core/tickets';
import { MAX_Q } from './fleet-view.js';

/** What the server sorts tickets by. */
export const TICKET_SORT_FIELDS = ['priority', 'number', 'openedAt', 'changedAt'] as const;
export type TicketSortField = (typeof TICKET_SORT_FIELDS)[number];
export type TicketSort = TicketSortField | `-${TicketSortField}`;

/** What the page of tickets shows: exactly what its address says. */
export interface TicketsView {
  state: 'open' | 'closed' | 'all';
  priority: readonly TicketPriority[];
  /** A person's id, `me`, `none`, or null: anybody's. */
  assignee: string | null;
  host: string | null;
  pair: string | null;
  cause: string | null;
  q: string;
  sort: TicketSort;
}

/** Open ones, the most urgent first: what somebody who works on them came for. */
export const DEFAULT_TICKETS: TicketsView = {
  state: 'open',
  priority: [],
  assignee: null,
  host: null,
  pair: null,
  cause: null,
  q: '',
  sort: 'priority',
};

/** The view as query parameters; what is at its default is left out, so equal views have equal addresses. */
export type TicketsSearch = Partial<Record<keyof TicketsView, string>>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reads an address. What it does not understand it leaves out: a mistyped filter shows more, never an error page. */
export function parseTickets(search: Record<string, unknown>): TicketsView {
  const text = (k: string) => (typeof search[k] === 'string' ? (search[k] as string) : '');
  const id = (k: string) => (UUID.test(text(k)) ? text(k).toLowerCase() : null);
  const [state, sort, assignee] = [text('state'), text('sort'), text('assignee')];
  const priorities = text('priority').split(',');
  return {
    state: state === 'closed' || state === 'all' ? state : 'open',
    priority: TICKET_PRIORITIES.filter((p) => priorities.includes(p)),
    assignee: assignee === 'me' || assignee === 'none' ? assignee : id('assignee'),
    host: id('host'),
    pair: id('pair'),
    cause: CauseId.safeParse(text('cause')).success ? text('cause') : null,
    q: text('q').slice(0, MAX_Q).trim(),
    sort: TICKET_SORT_FIELDS.some((f) => sort === f || sort === `-${f}`) ? (sort as TicketSort) : DEFAULT_TICKETS.sort,
  };
}

/** Writes an address. */
export function ticketsSearch(view: TicketsView): TicketsSearch {
  const out: TicketsSearch = {};
  if (view.state !== DEFAULT_TICKETS.state) out.state = view.state;
  if (view.priority.length > 0) out.priority = TICKET_PRIORITIES.filter((p) => view.priority.includes(p)).join(',');
  for (const k of ['assignee', 'host', 'pair', 'cause'] as const) if (view[k] !== null) out[k] = view[k];
  if (view.q) out.q = view.q;
  if (view.sort !== DEFAULT_TICKETS.sort) out.sort = view.sort;
  return out;
}

/** The same as the API is asked. */
export function ticketsQueryOf(view: TicketsView): Record<string, string> {
  const { state: _, ...rest } = ticketsSearch(view);
  return { ...rest, sort: view.sort, ...(view.state === 'all' ? {} : { state: view.state }) };
}

/** Whether anything is filtered beyond open ones. */
export function isTicketsFiltered(view: TicketsView): boolean {
  const { sort: _, ...rest } = ticketsSearch(view);
  return Object.keys(rest).length > 0;
}

/**
 * Whether a row belongs into a view, told here only for rows that change under the reader's eyes.
 * @param me the reader's own id
 */
export function ticketMatches(row: TicketRow, view: TicketsView, me: string | null): boolean {
  const q = view.q.toLowerCase();
  const number = /^#?(\d{1,9})$/.exec(view.q)?.[1];
  const texts = [row.title, row.hostName, row.deviceName ?? '', row.udid ?? ''];
  return (
    (view.state === 'all' || row.state === view.state) &&
    (view.priority.length === 0 || view.priority.includes(row.priority)) &&
    isAssigned(row, view.assignee, me) &&
    (view.host === null || row.hostId === view.host) &&
    // The host's own tickets belong to each of its pairs; which host that is only the server knows.
    (view.pair === null || row.pairId === view.pair) &&
    (view.cause === null || row.cause === view.cause) &&
    (q === '' || (number !== undefined && Number(number) === row.number) || texts.some((s) => s.toLowerCase().includes(q)))
  );
}

function isAssigned(row: TicketRow, to: string | null, me: string | null): boolean {
  if (to === null) return true;
  if (to === 'none') return row.assignee === null;
  const id = to === 'me' ? me : to;
  return id !== null && row.assignee?.personId === id;
}

const SORT_KEYS: Record<TicketSortField, (r: TicketRow) => string | number> = {
  priority: (r) => TICKET_PRIORITIES.indexOf(r.priority),
  number: (r) => r.number,
  openedAt: (r) => r.openedAt,
  changedAt: (r) => r.changedAt,
};

/** The order of two rows under a sort; numbers break ties as the server's paging does. */
export function compareTickets(a: TicketRow, b: TicketRow, sort: TicketSort): number {
  const field = sort.replace(/^-/, '') as TicketSortField;
  const [x, y] = [SORT_KEYS[field](a), SORT_KEYS[field](b)];
  const up = x < y ? -1 : x > y ? 1 : a.number - b.number;
  return sort.startsWith('-') ? -up : up;
}
