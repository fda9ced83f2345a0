import type { ConsentWay } from '@lockstep/core/fixes';
import {
  AssigneeView,
  FleetSummary,
  HostRow,
  PairDetail,
  PairRow,
  page,
  RunView,
  SessionView,
  TicketDetail,
  TicketEventView,
  TicketRow,
  TicketSummary,
} from '@lockstep/core/protocol';
import type { TicketPriority } from '@lockstep/core/tickets';
import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { MadeToken, SetupState, TokenPage } from './access.js';
import { api } from './api.js';
import { apiQuery, type FleetView } from './fleet-view.js';
import { type HostView, hostQuery } from './host-view.js';
import { keys } from './keys.js';
import type { Memory, RowMemory } from './patch.js';
import { ApiError } from './problem.js';
import { type TicketsView, ticketsQueryOf } from './ticket-view.js';

const PairPage = page(PairRow);
const HostPage = page(HostRow);
const TicketPage = page(TicketRow);
const AssigneeList = z.object({ items: z.array(AssigneeView) });
/** Rows of one page: two screens of a tall monitor. */
const ROWS = 100;
/** How often lists that the socket does not carry are read again, ms. */
const SLOW_POLL_MS = 20_000;

/** Who is signed in; null: nobody. */
export const sessionQuery = queryOptions({
  queryKey: keys.session,
  staleTime: 5 * 60_000,
  queryFn: async ({ signal }): Promise<SessionView | null> => {
    try {
      return await api('/session', { schema: SessionView, signal });
    } catch (e) {
      if (e instanceof ApiError && e.status === 401) return null;
      throw e;
    }
  },
});

export const setupQuery = queryOptions({ queryKey: keys.setup, queryFn: ({ signal }) => api('/setup', { schema: SetupState, signal }) });

export const summaryQuery = queryOptions({
  queryKey: keys.summary,
  // The socket keeps it true; it is read when a page opens and after the socket was lost.
  staleTime: Number.POSITIVE_INFINITY,
  refetchOnMount: 'always',
  queryFn: ({ signal }) => api('/pairs/summary', { schema: FleetSummary, signal }),
});

export const pairsQuery = (view: FleetView, memory: RowMemory) =>
  infiniteQueryOptions({
    queryKey: keys.list(view),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: 'always',
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) => {
      const found = await api('/pairs', { query: { ...apiQuery(view), limit: ROWS, after: pageParam }, schema: PairPage, signal });
      memory.take(found.items);
      return { ...found, items: found.items.map((row) => memory.freshest(row)) };
    },
    getNextPageParam: (last) => last.next ?? undefined,
  });

export const pairQuery = (id: string, memory: RowMemory) =>
  queryOptions({
    queryKey: keys.pair(id),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: 'always',
    queryFn: async ({ signal }) => {
      const detail = await api(`/pairs/${encodeURIComponent(id)}`, { schema: PairDetail, signal });
      memory.take([detail.pair]);
      return detail;
    },
  });

export const ticketSummaryQuery = queryOptions({
  queryKey: keys.ticketSummary,
  staleTime: Number.POSITIVE_INFINITY,
  refetchOnMount: 'always',
  queryFn: ({ signal }) => api('/tickets/summary', { schema: TicketSummary, signal }),
});

export const ticketsQuery = (view: TicketsView, memory: Memory<TicketRow>) =>
  infiniteQueryOptions({
    queryKey: keys.tickets(view),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: 'always',
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) => {
      const found = await api('/tickets', {
        query: { ...ticketsQueryOf(view), limit: ROWS, after: pageParam },
        schema: TicketPage,
        signal,
      });
      memory.take(found.items);
      return { ...found, items: found.items.map((row) => memory.freshest(row)) };
    },
    getNextPageParam: (last) => last.next ?? undefined,
  });

export const ticketQuery = (id: string) =>
  queryOptions({
    queryKey: keys.ticket(id),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: 'always',
    queryFn: ({ signal }) => api(`/tickets/${encodeURIComponent(id)}`, { schema: TicketDetail, signal }),
  });

/** Names a ticket may be given to. */
export const assigneesQuery = queryOptions({
  queryKey: keys.assignees,
  staleTime: 60_000,
  queryFn: ({ signal }) => api('/ticket-assignees', { schema: AssigneeList, signal }),
});

/** What a person changes of a ticket: only what is given. */
export interface TicketChange {
  /** Null: derived from severity and impact again. */
  priority?: TicketPriority | null;
  assignee?: { personId: string } | { name: string } | null;
  state?: 'closed';
  reason?: string;
}

export const changeTicket = (id: string, body: TicketChange) =>
  api(`/tickets/${encodeURIComponent(id)}`, { method: 'PATCH', body, schema: TicketDetail });
/** The same `key` says the same thing once. */
export const commentOn = (id: string, text: string, key: string) =>
  api(`/tickets/${encodeURIComponent(id)}/comments`, { method: 'POST', body: { text }, key, schema: TicketEventView });

export const hostsQuery = (view: HostView) =>
  infiniteQueryOptions({
    queryKey: keys.hostList(view),
    refetchInterval: SLOW_POLL_MS,
    initialPageParam: '',
    // What was found before stays while the next search is asked.
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) =>
      api('/hosts', { query: { ...hostQuery(view), limit: ROWS, after: pageParam }, schema: HostPage, signal }),
    getNextPageParam: (last) => last.next ?? undefined,
  });

export const tokensQuery = infiniteQueryOptions({
  queryKey: keys.tokens,
  refetchInterval: SLOW_POLL_MS,
  initialPageParam: '',
  queryFn: ({ pageParam, signal }) => api('/enrolment-tokens', { query: { limit: ROWS, after: pageParam }, schema: TokenPage, signal }),
  getNextPageParam: (last) => last.next ?? undefined,
});

export const signIn = (body: { email: string; password: string }) => api('/session', { method: 'POST', body, schema: SessionView });
export const signOut = () => api<void>('/session', { method: 'DELETE', schema: null });
export const setUp = (body: { token: string; name: string; email: string; password: string }) =>
  api('/setup', { method: 'POST', body, schema: SessionView });
export const makeToken = (body: { uses: number; minutes: number; note: string }) =>
  api('/enrolment-tokens', { method: 'POST', body, schema: MadeToken });
export const revokeToken = (id: string) => api<void>(`/enrolment-tokens/${encodeURIComponent(id)}`, { method: 'DELETE', schema: null });
export const revokeHost = (id: string) => api<void>(`/hosts/${encodeURIComponent(id)}`, { method: 'DELETE', schema: null });
/** What is written down about a fix by which data may be lost. */
export interface AskRecord {
  consent?: { holder: string; how: ConsentWay; at: string };
  lossAcceptedBy?: string;
}
/** Asks for a fix. The same `key` asks the same question again and gets the same run. */
export const askFix = (body: { pairId: string; fix: RunView['fix']; cause?: string } & AskRecord, key: string) =>
  api('/fix-runs', { method: 'POST', body, key, schema: RunView });

/** Where the whole list is to be had as CSV. */
export function csvUrl(view: FleetView): string {
  return `/api/v1/pairs.csv?${new URLSearchParams(apiQuery(view))}`;
}

/** Takes a run back that was not sent yet. */
export const cancelRun = (id: string) => api(`/fix-runs/${encodeURIComponent(id)}`, { method: 'DELETE', schema: RunView });

/** After a person came or went, nothing of the other person's pages is kept. */
export function enter(client: QueryClient, session: SessionView | null): void {
  client.removeQueries({ predicate: (q) => q.queryKey[0] !== 'session' });
  client.setQueryData(keys.session, session);
}
