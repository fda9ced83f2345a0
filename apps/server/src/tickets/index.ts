export { NewComment, TicketPatch } from './edit.js';
export { measureTickets } from './metrics.js';
export { TicketsQuery } from './ticket-list.js';
export { Tickets, type TicketsDeps } from './tickets.js';
export { TicketsModule } from './tickets.module.js';
