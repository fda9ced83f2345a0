import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionView, TicketRow } from '@lockstep/core/protocol';
import { type InfiniteData, QueryClient } from '@tanstack/react-query';
import { keys } from './keys.js';
import { Memory, type RowPage } from './patch.js';
import { row, ticket, ticketDetail } from './rows.fixture.js';
import { DEFAULT_TICKETS } from './ticket-view.js';
import { applyTickets, patchTicket } from './tickets.js';

const view = DEFAULT_TICKETS;
const mine = { ...DEFAULT_TICKETS, assignee: 'me' };
let client: QueryClient;
let memory: Memory<TicketRow>;
beforeEach(() => {
  client = new QueryClient();
  memory = new Memory();
  const session: SessionView = { person: { id: 'me-id', name: 'Ann', email: 'ann@example.org', role: 'technician' }, expiresAt: '' };
  client.setQueryData(keys.session, session);
  for (const v of [view, mine])
    client.setQueryData(keys.tickets(v), { pages: [{ items: v === view ? [ticket()] : [], next: null }], pageParams: [''] });
  client.setQueryData(keys.ticket(ticket().id), ticketDetail());
  memory.take([ticket()]);
});
const shown = () => client.getQueryData<InfiniteData<RowPage<TicketRow>>>(keys.tickets(view))?.pages[0]?.items ?? [];
const offered = (v = view) => client.getQueryData<string[]>(keys.ticketsOffered(v)) ?? [];
const detail = () => client.getQueryData<ReturnType<typeof ticketDetail>>(keys.ticket(ticket().id));

describe('what the socket says of tickets', () => {
  it('changes the row where it stands, in the list and on its page', () => {
    applyTickets(client, memory, { type: 'tickets', rows: [ticket({ priority: 'high', revision: 2 })] });
    expect(shown().map((t) => t.priority)).toEqual(['high']);
    expect(detail()?.ticket.priority).toBe('high');
  });
  it('does not put an older row back', () => {
    applyTickets(client, memory, { type: 'tickets', rows: [ticket({ priority: 'high', revision: 3 })] });
    applyTickets(client, memory, { type: 'tickets', rows: [ticket({ priority: 'low', revision: 2 })] });
    expect(shown().map((t) => t.priority)).toEqual(['high']);
  });
  it('offers a new ticket where it belongs, and nowhere else', () => {
    applyTickets(client, memory, { type: 'tickets', rows: [ticket({ id: 'n', number: 13 })] });
    expect([offered(), offered(mine)]).toEqual([['n'], []]);
    applyTickets(client, memory, {
      type: 'tickets',
      rows: [ticket({ id: 'n', number: 13, revision: 2, assignee: { personId: 'me-id', name: 'Ann' } })],
    });
    expect([offered(), offered(mine)]).toEqual([['n'], ['n']]);
    applyTickets(client, memory, { type: 'tickets', rows: [ticket({ id: 'n', number: 13, revision: 3, state: 'closed' })] });
    expect([offered(), offered(mine)]).toEqual([[], []]);
  });
  it('brings a page whose pairs moved although the ticket did not', () => {
    applyTickets(client, memory, { type: 'ticket', detail: ticketDetail({ pairs: [row({ health: 'healthy' })] }) });
    expect(detail()?.pairs).toHaveLength(1);
  });
  it('keeps the newer page', () => {
    const newer = ticketDetail({ ticket: ticket({ revision: 5 }) });
    expect(patchTicket(newer, ticketDetail())).toBe(newer);
    expect(patchTicket(undefined, newer)).toBe(newer);
  });
  it('keeps the newer counts', () => {
    const summary = (open: number, at: string) => ({
      open,
      priority: { urgent: 0, high: 0, normal: open, low: 0 },
      unassigned: 0,
      gone: 0,
      at,
    });
    applyTickets(client, memory, { type: 'ticket-summary', summary: summary(2, '2026-11-24T09:00:02.000Z') });
    applyTickets(client, memory, { type: 'ticket-summary', summary: summary(1, '2026-11-24T09:00:01.000Z') });
    expect(client.getQueryData(keys.ticketSummary)).toMatchObject({ open: 2 });
  });
});
