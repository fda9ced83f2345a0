import { type FleetView, searchOf } from './fleet-view.js';
import { type HostView, hostSearchOf } from './host-view.js';
import { type TicketsView, ticketsSearch } from './ticket-view.js';

/** Names of everything in the cache. */
export const keys = {
  session: ['session'] as const,
  setup: ['setup'] as const,
  summary: ['pairs', 'summary'] as const,
  lists: ['pairs', 'list'] as const,
  list: (view: FleetView) => ['pairs', 'list', JSON.stringify(searchOf(view))] as const,
  /** Ids of pairs that belong into the list but are not in it yet. */
  offered: (view: FleetView) => ['pairs', 'offered', JSON.stringify(searchOf(view))] as const,
  pair: (id: string) => ['pair', id] as const,
  ticketSummary: ['tickets', 'summary'] as const,
  ticketLists: ['tickets', 'list'] as const,
  tickets: (view: TicketsView) => ['tickets', 'list', JSON.stringify(ticketsSearch(view))] as const,
  ticketsOffered: (view: TicketsView) => ['tickets', 'offered', JSON.stringify(ticketsSearch(view))] as const,
  ticket: (id: string) => ['ticket', id] as const,
  assignees: ['ticket-assignees'] as const,
  hosts: ['hosts'] as const,
  hostList: (view: HostView) => ['hosts', JSON.stringify(hostSearchOf(view))] as const,
  tokens: ['enrolment-tokens'] as const,
  people: ['people'] as const,
  replays: ['replays'] as const,
  differences: (id: string) => ['replay', id, 'differences'] as const,
  approvals: ['approvals'] as const,
  orders: ['orders'] as const,
  orderKeys: ['order-keys'] as const,
  orderAudit: ['order-audit'] as const,
  software: ['software'] as const,
  softwareModels: ['software-models'] as const,
  compatibilities: ['compatibility'] as const,
  compatibilitySummary: (ios: string) => ['compatibility', 'summary', ios] as const,
  compatibility: (ios: string, outcome: string | null) => ['compatibility', 'list', ios, outcome ?? ''] as const,
};
