import { z } from 'zod';
import { FleetSummary, OrdersView, PairDetail, PairRow, StatusView, TicketDetail } from './console.js';
import { TicketRow, TicketSummary } from './tickets.js';

/* The browser's socket. */
export const LIVE_PATH = '/live';
export const LIVE_SUBPROTOCOL = 'lockstep-live.v1';

/** What the browser watches: the rows of the fleet, one pair with its ladder, runs and timeline, the rows of tickets, or one ticket with its story. */
export const LiveWatch = z.discriminatedUnion('type', [
  z.object({ type: z.literal('watch.fleet') }),
  z.object({ type: z.literal('watch.pair'), id: z.uuid() }),
  z.object({ type: z.literal('watch.tickets') }),
  z.object({ type: z.literal('watch.ticket'), id: z.uuid() }),
  z.object({ type: z.literal('unwatch') }),
]);
export type LiveWatch = z.infer<typeof LiveWatch>;

/** What the server sends: rows that changed, coalesced; never a reason to fetch the list again. */
export const LiveMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('pairs'), rows: z.array(PairRow) }),
  z.object({ type: z.literal('summary'), summary: FleetSummary }),
  z.object({ type: z.literal('pair'), detail: PairDetail }),
  z.object({ type: z.literal('tickets'), rows: z.array(TicketRow) }),
  z.object({ type: z.literal('ticket-summary'), summary: TicketSummary }),
  z.object({ type: z.literal('ticket'), detail: TicketDetail }),
  z.object({ type: z.literal('hello'), time: z.string().meta({ format: 'date-time' }) }),
  z.object({ type: z.literal('status'), status: StatusView }),
  z.object({ type: z.literal('orders'), orders: OrdersView }),
]);
export type LiveMessage = z.infer<typeof LiveMessage>;
