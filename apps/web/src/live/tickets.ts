import type { LiveMessage, SessionView, TicketDetail, TicketRow, TicketSummary } from '@lockstep/core/protocol';
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { keys } from './keys.js';
import { type Memory, offerRows, patchPages, type RowPage } from './patch.js';
import { compareTickets, parseTickets, ticketMatches } from './ticket-view.js';

/** The newer of two details of one ticket. Pairs and runs move without a new revision of the ticket, so an equal revision is taken. */
export function patchTicket(old: TicketDetail | undefined, detail: TicketDetail): TicketDetail {
  return old && old.ticket.revision > detail.ticket.revision ? old : detail;
}

/** Lays what the socket says about tickets into the query cache: rows change where they stand, new ones are offered. */
export function applyTickets(
  client: QueryClient,
  memory: Memory<TicketRow>,
  m: Extract<LiveMessage, { type: 'tickets' | 'ticket' | 'ticket-summary' }>,
): void {
  if (m.type === 'ticket-summary') {
    client.setQueryData<TicketSummary>(keys.ticketSummary, (old) => (old && old.at > m.summary.at ? old : m.summary));
    return;
  }
  const news = memory.take(m.type === 'tickets' ? m.rows : [m.detail.ticket]);
  const me = client.getQueryData<SessionView | null>(keys.session)?.person.id ?? null;
  for (const [key, data] of client.getQueriesData<InfiniteData<RowPage<TicketRow>>>({ queryKey: keys.ticketLists })) {
    if (!data || news.length === 0) continue;
    const view = parseTickets(JSON.parse(String(key[2])) as Record<string, unknown>);
    client.setQueryData(key, patchPages(data, news));
    client.setQueryData(keys.ticketsOffered(view), (old: string[] | undefined) =>
      offerRows(data, news, old ?? [], {
        belongs: (row) => ticketMatches(row, view, me),
        compare: (a, b) => compareTickets(a, b, view.sort),
      }),
    );
  }
  for (const row of news)
    client.setQueryData<TicketDetail>(keys.ticket(row.id), (old) =>
      old && row.revision > old.ticket.revision ? { ...old, ticket: row } : old,
    );
  if (m.type === 'ticket') client.setQueryData<TicketDetail>(keys.ticket(m.detail.ticket.id), (old) => patchTicket(old, m.detail));
}
