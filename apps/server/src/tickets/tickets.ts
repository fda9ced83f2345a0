import type { AssigneeView, RunView, TicketDetail, TicketEventView, TicketRow, TicketSummary } from '@lockstep/core/protocol';
import type { Pace } from '@lockstep/core/tickets';
import type { Audit, Caller } from '../access/index.js';
import { type Fixes, OPEN } from '../fixes/index.js';
import type { Pairs } from '../pairs/index.js';
import { type Bus, type Clock, type Database, type Leadership, type Log, ProblemError } from '../platform/index.js';
import { OwnDesk } from './desks/index.js';
import { Editing, type NewComment, type TicketPatch } from './edit.js';
import { Filing } from './filing.js';
import { ticketDetail } from './ticket-detail.js';
import { assignees, listTickets, openTicketsOf, summariseTickets, type TicketsQuery, ticketRowsOf } from './ticket-list.js';
import { TicketSweep } from './ticket-sweep.js';

export interface TicketsDeps {
  database: Pick<Database, 'pool' | 'tx'>;
  pairs: Pick<Pairs, 'rowsOf'>;
  fixes: Pick<Fixes, 'list' | 'details'>;
  audit: Audit;
  leader: Leadership;
  bus: Bus;
  clock: Clock;
  log: Log;
  pace: Pace;
}

/** The room's plain heart: what is found becomes a ticket, what is proven gone closes one, and people add their word. */
export class Tickets {
  readonly filing: Filing;
  readonly sweep: TicketSweep;
  readonly #editing: Editing;

  constructor(private readonly deps: TicketsDeps) {
    const { database, fixes, audit, leader, bus, clock, pace } = deps;
    const log = deps.log.child({ room: 'tickets' });
    this.filing = new Filing({ database, desk: new OwnDesk(clock), audit, bus, clock, log, pace });
    this.sweep = new TicketSweep({ filing: this.filing, leader, bus, clock, log });
    this.#editing = new Editing({ database, audit, bus, clock });
    fixes.details.withTickets((pair) => openTicketsOf(database.pool, pair));
  }

  list(query: TicketsQuery, caller: Caller): Promise<{ items: TicketRow[]; next: string | null }> {
    return listTickets(this.deps.database.pool, query, caller);
  }

  rowsOf(ids: readonly string[]): Promise<TicketRow[]> {
    return ticketRowsOf(this.deps.database.pool, ids);
  }

  summary(): Promise<TicketSummary> {
    return summariseTickets(this.deps.database.pool, this.deps.clock.now());
  }

  assignees(): Promise<AssigneeView[]> {
    return assignees(this.deps.database.pool);
  }

  /** Null when there is no such ticket. */
  find(id: string): Promise<TicketDetail | null> {
    const { database, pairs } = this.deps;
    return ticketDetail(database.pool, id, { rowsOf: (ids) => pairs.rowsOf(ids), runsOf: (about) => this.#running(about) });
  }

  /** @throws ProblemError 404 */
  async detail(id: string): Promise<TicketDetail> {
    const detail = await this.find(id);
    if (!detail) throw new ProblemError(404, 'not-found', 'There is no such ticket.');
    return detail;
  }

  /** @throws ProblemError 400, 404, 409 `already-closed` */
  async patch(id: string, patch: TicketPatch, caller: Caller, address: string): Promise<TicketDetail> {
    const hostId = await this.#editing.patch(id, patch, caller, address);
    // What was handed back to the server is derived anew before the answer tells it.
    if (patch.priority === null) await this.filing.look([hostId]);
    return this.detail(id);
  }

  /** @throws ProblemError 404 */
  comment(id: string, body: NewComment, caller: Caller, address: string): Promise<TicketEventView> {
    return this.#editing.comment(id, body, caller, address);
  }

  async #running({ hostId, pairId }: { hostId: string; pairId: string | null }): Promise<RunView[]> {
    // One run per host is under way at most; others may wait for a yes.
    const { items } = await this.deps.fixes.list({ limit: 5, sort: '-askedAt', state: [...OPEN], host: hostId });
    return items.filter((r) => pairId === null || r.pairId === null || r.pairId === pairId);
  }
}
