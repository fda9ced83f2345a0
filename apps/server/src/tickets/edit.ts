import { text } from '@lockstep/core/health';
import type { TicketEventView } from '@lockstep/core/protocol';
import { TICKET_PRIORITIES } from '@lockstep/core/tickets';
import { z } from 'zod';
import { type Audit, actorOf, type Caller } from '../access/index.js';
import { type Bus, type Clock, type Database, ProblemError, type Tx } from '../platform/index.js';
import { type NewEvent, tell } from './desks/index.js';
import { lockTickets } from './filing.js';
import { eventById } from './ticket-detail.js';
import { AssigneeName } from './ticket-list.js';
import type { TicketRecord } from './ticket-rows.js';

const Assignee = z
  .strictObject({ personId: z.uuid().optional(), name: AssigneeName.optional() })
  .refine((a) => (a.personId === undefined) !== (a.name === undefined), {
    message: 'needs personId, or name for somebody who does not sign in here',
    path: ['personId'],
  });

/** Body of PATCH /tickets/:id. Only what is given changes. */
export const TicketPatch = z
  .strictObject({
    /** Null: derived from severity and impact again. */
    priority: z.enum(TICKET_PRIORITIES).nullable().optional(),
    /** Null: nobody's. */
    assignee: Assignee.nullable().optional(),
    state: z.literal('closed', { error: 'must be closed: a ticket opens by what is found' }).optional(),
    /** Why it is closed although nothing proved its cause gone; goes with `state`. */
    reason: text(500).trim().min(1).optional(),
  })
  .superRefine((p, ctx) => {
    const issue = (field: string, message: string) => ctx.addIssue({ code: 'custom', path: [field], message });
    if (p.state !== undefined && p.reason === undefined) issue('reason', 'is required to close a ticket');
    if (p.state === undefined && p.reason !== undefined) issue('reason', 'goes with state: closed');
    if (p.priority === undefined && p.assignee === undefined && p.state === undefined && p.reason === undefined)
      issue('priority', 'is required, or assignee, or state');
  });
export type TicketPatch = z.output<typeof TicketPatch>;

/** Body of POST /tickets/:id/comments. */
export const NewComment = z.strictObject({ text: text(4000).trim().min(1) });
export type NewComment = z.output<typeof NewComment>;

export interface EditDeps {
  database: Pick<Database, 'pool' | 'tx'>;
  audit: Audit;
  bus: Bus;
  clock: Clock;
}

const notFound = () => new ProblemError(404, 'not-found', 'There is no such ticket.');

/** What people do to tickets. Whatever is done is an entry of the ticket's story, and a row of the audit. */
export class Editing {
  constructor(private readonly deps: EditDeps) {}

  /**
   * Changes what is given. Returns the ticket's host.
   * @throws ProblemError 404; 409 `already-closed`; 400 for a person who is none.
   */
  async patch(id: string, patch: TicketPatch, caller: Caller, address: string): Promise<string> {
    const { database, audit, bus } = this.deps;
    const { hostId, isChanged } = await database.tx(async (tx) => {
      const ticket = await this.#locked(tx, id);
      const changes: Change[] = [];
      if (patch.priority !== undefined) changes.push(...priorityChange(ticket, patch.priority));
      if (patch.assignee !== undefined) changes.push(...(await assigneeChange(tx, ticket, patch.assignee)));
      if (patch.state !== undefined) changes.push(this.#closing(ticket, patch.reason ?? '', caller));
      if (changes.length === 0) return { hostId: ticket.host_id, isChanged: false };
      await this.#write(tx, id, Object.assign({}, ...changes.map((c) => c.columns)));
      for (const { event, action } of changes) {
        await tell(tx, id, this.deps.clock.date(), [{ ...event, by: actorOf(caller) }]);
        await audit.write(tx, {
          actor: actorOf(caller),
          action,
          subject: { kind: 'ticket', id },
          address,
          detail: {
            number: ticket.number,
            from: event.from ?? null,
            to: event.to ?? null,
            ...(event.text == null ? {} : { reason: event.text }),
          },
        });
      }
      return { hostId: ticket.host_id, isChanged: true };
    });
    if (isChanged) bus.publish('ticket.changed', { ticketId: id, hostId });
    return hostId;
  }

  /** @throws ProblemError 404 */
  async comment(id: string, body: NewComment, caller: Caller, address: string): Promise<TicketEventView> {
    const { database, audit, bus, clock } = this.deps;
    const { eventId, hostId } = await database.tx(async (tx) => {
      const ticket = await this.#locked(tx, id);
      await this.#write(tx, id, {});
      const { rows } = await tx.query<{ id: string }>(
        `INSERT INTO ticket_event (ticket_id, at, kind, by_kind, by_id, by_name, text) VALUES ($1, $2, 'comment', $3, $4, $5, $6) RETURNING id`,
        [id, clock.date(), caller.kind, caller.id, caller.name, body.text],
      );
      await audit.write(tx, {
        actor: actorOf(caller),
        action: 'ticket.commented',
        subject: { kind: 'ticket', id },
        address,
        detail: { number: ticket.number },
      });
      return { eventId: rows[0]?.id ?? '', hostId: ticket.host_id };
    });
    bus.publish('ticket.changed', { ticketId: id, hostId });
    const event = await eventById(database.pool, eventId);
    if (event === null) throw new Error(`no event ${eventId}`);
    return event;
  }

  /** The ticket, while nobody else decides about its host's. */
  async #locked(tx: Tx, id: string): Promise<TicketRecord> {
    const found = await tx.query<{ host_id: string }>('SELECT host_id FROM ticket WHERE id = $1', [id]);
    if (!found.rows[0]) throw notFound();
    await lockTickets(tx, found.rows[0].host_id);
    const { rows } = await tx.query<TicketRecord>('SELECT * FROM ticket WHERE id = $1', [id]);
    if (!rows[0]) throw notFound();
    return rows[0];
  }

  async #write(tx: Tx, id: string, columns: Partial<TicketRecord>): Promise<void> {
    const all = { ...columns, changed_at: this.deps.clock.date() };
    const names = Object.keys(all);
    await tx.query(`UPDATE ticket SET ${names.map((n, i) => `${n} = $${i + 2}`).join(', ')}, revision = revision + 1 WHERE id = $1`, [
      id,
      ...Object.values(all),
    ]);
  }

  #closing(ticket: TicketRecord, reason: string, caller: Caller): Change {
    if (ticket.state === 'closed') throw new ProblemError(409, 'already-closed', `Ticket ${ticket.number} is closed already.`);
    return {
      columns: {
        state: 'closed',
        closed_at: this.deps.clock.date(),
        closed_by: 'person',
        closed_by_name: caller.name,
        close_reason: reason,
      },
      event: { kind: 'closed', text: reason },
      action: 'ticket.closed',
    };
  }
}

interface Change {
  columns: Partial<TicketRecord>;
  event: Omit<NewEvent, 'by'>;
  action: string;
}

function priorityChange(ticket: TicketRecord, priority: TicketRecord['priority'] | null): Change[] {
  // Handed back to the server: the next look writes what it derives, and says so.
  if (priority === null) {
    if (ticket.priority_by === 'server') return [];
    const event = { kind: 'priority', from: ticket.priority, to: null } as const;
    return [{ columns: { priority_by: 'server', written_from: '' }, event, action: 'ticket.prioritised' }];
  }
  if (ticket.priority === priority && ticket.priority_by === 'person') return [];
  const event = { kind: 'priority', from: ticket.priority, to: priority } as const;
  return [{ columns: { priority, priority_by: 'person' }, event, action: 'ticket.prioritised' }];
}

async function assigneeChange(tx: Tx, ticket: TicketRecord, to: NonNullable<TicketPatch['assignee']> | null): Promise<Change[]> {
  const columns = { assignee_id: to?.personId ?? null, assignee: to === null ? null : (to.name ?? (await nameOf(tx, to.personId ?? ''))) };
  if (ticket.assignee === columns.assignee && ticket.assignee_id === columns.assignee_id) return [];
  const event = { kind: 'assignee', from: ticket.assignee, to: columns.assignee } as const;
  return [{ columns, event, action: 'ticket.assigned' }];
}

async function nameOf(tx: Tx, personId: string): Promise<string> {
  const { rows } = await tx.query<{ name: string }>('SELECT name FROM person WHERE id = $1 AND disabled_at IS NULL', [personId]);
  if (rows[0]) return rows[0].name;
  const field = { field: 'assignee.personId', message: 'is nobody who may sign in' };
  throw new ProblemError(400, 'invalid-input', `${field.field} ${field.message}.`, [field]);
}
