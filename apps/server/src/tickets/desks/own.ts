import { randomUUID } from 'node:crypto';
import type { TicketContent, TicketEventKind, TriedRun } from '@lockstep/core/tickets';
import { type Actor, SERVER } from '../../access/index.js';
import { type Clock, sqlState, type Tx, UNIQUE_VIOLATION } from '../../platform/index.js';
import type { TicketRecord } from '../ticket-rows.js';
import type { Desk, NewTicket, WrittenTicket } from './desk.js';

/** One entry of a ticket's story. */
export interface NewEvent {
  kind: TicketEventKind;
  by: Actor;
  text?: string | null;
  from?: string | null;
  to?: string | null;
}

/** Writes entries of a ticket's story. */
export async function tell(tx: Tx, ticketId: string, at: Date, events: readonly NewEvent[]): Promise<void> {
  for (const { kind, by, text, from, to } of events) {
    await tx.query(
      `INSERT INTO ticket_event (ticket_id, at, kind, by_kind, by_id, by_name, text, "from", "to") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [ticketId, at, kind, by.kind, by.id, by.name, text ?? null, from ?? null, to ?? null],
    );
  }
}

/** Tells what was tried, each run once however often this is called. Returns how many are new. */
async function tellTried(tx: Tx, ticketId: string, tried: readonly TriedRun[]): Promise<number> {
  if (tried.length === 0) return 0;
  const { rowCount } = await tx.query(
    `INSERT INTO ticket_event (ticket_id, at, kind, by_kind, by_id, by_name, run_id)
     SELECT $1, r.at, 'tried', 'server', NULL, r.by, r.id FROM unnest($2::uuid[], $3::timestamptz[], $4::text[]) AS r(id, at, by)
     ON CONFLICT (ticket_id, run_id) WHERE run_id IS NOT NULL DO NOTHING`,
    [ticketId, tried.map((r) => r.id), tried.map((r) => new Date(r.at)), tried.map((r) => r.by)],
  );
  return rowCount ?? 0;
}

/** The server's own desk: the rows are the tickets. */
export class OwnDesk implements Desk {
  readonly name = 'own';

  constructor(private readonly clock: Clock) {}

  async file(tx: Tx, { hostId, udid, family, content, previousId, tried }: NewTicket): Promise<WrittenTicket | null> {
    const id = randomUUID();
    const now = this.clock.date();
    await tx.query('SAVEPOINT filing');
    try {
      // The row of the number is held until this transaction ends: a filing that is rolled back gives its number back.
      const { rows } = await tx.query<{ number: number }>(
        `WITH n AS (UPDATE ticket_number SET last = last + 1 RETURNING last)
         INSERT INTO ticket (id, number, desk, host_id, udid, family, cause, layer, finding_id, state, priority, priority_by, title, body, written_from,
           pairs, flapping, began_at, since, opened_at, changed_at, reopened, previous_id, revision)
         SELECT $1, n.last, $2, $3, $4, $5, $6, $7::layer, $8, 'open', $9::ticket_priority, 'server', $10, $11, $12, $13, $14, $15, $15, $16, $16, 0, $17, 1
         FROM n RETURNING number`,
        [
          id,
          this.name,
          hostId,
          udid,
          family,
          content.cause,
          content.layer,
          content.findingId,
          content.priority,
          content.title,
          content.body,
          content.from,
          content.pairs,
          content.flapping,
          new Date(content.since),
          now,
          previousId,
        ],
      );
      const number = rows[0]?.number;
      if (number === undefined) throw new Error('the ticket has no number');
      await tellTried(tx, id, tried);
      await tell(tx, id, now, [{ kind: 'filed', by: SERVER, to: content.cause }]);
      await tx.query('RELEASE SAVEPOINT filing');
      return { id, number };
    } catch (error) {
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      await tx.query('ROLLBACK TO SAVEPOINT filing');
      return null;
    }
  }

  async update(tx: Tx, ticket: TicketRecord, content: TicketContent, tried: readonly TriedRun[]): Promise<void> {
    const isNews = (await tellTried(tx, ticket.id, tried)) > 0;
    const events = changesOf(ticket, content);
    const now = this.clock.date();
    await this.#write(tx, ticket.id, content, isNews || events.length > 0 ? { changed_at: now } : {});
    await tell(tx, ticket.id, now, events);
  }

  async close(tx: Tx, ticket: TicketRecord, content: TicketContent, tried: readonly TriedRun[]): Promise<void> {
    await tellTried(tx, ticket.id, tried);
    const now = this.clock.date();
    await this.#write(tx, ticket.id, content, { changed_at: now, state: 'closed', closed_at: now, closed_by: 'server' });
    await tell(tx, ticket.id, now, [...changesOf(ticket, content), { kind: 'closed', by: SERVER }]);
  }

  async reopen(tx: Tx, ticket: TicketRecord, content: TicketContent, tried: readonly TriedRun[]): Promise<void> {
    await tellTried(tx, ticket.id, tried);
    const now = this.clock.date();
    await this.#write(tx, ticket.id, content, {
      changed_at: now,
      state: 'open',
      closed_at: null,
      closed_by: null,
      closed_by_name: null,
      close_reason: null,
      reopened_at: now,
      reopened: ticket.reopened + 1,
    });
    await tell(tx, ticket.id, now, [{ kind: 'reopened', by: SERVER, to: content.cause }, ...changesOf(ticket, content, false)]);
  }

  async #write(tx: Tx, id: string, content: TicketContent, more: Partial<TicketRecord>): Promise<void> {
    const columns: Partial<TicketRecord> = {
      finding_id: content.findingId,
      cause: content.cause,
      layer: content.layer,
      priority: content.priority,
      title: content.title,
      body: content.body,
      written_from: content.from,
      pairs: content.pairs,
      flapping: content.flapping,
      since: new Date(content.since),
      gone_at: content.goneAt === null ? null : new Date(content.goneAt),
      ...more,
    };
    const names = Object.keys(columns);
    await tx.query(`UPDATE ticket SET ${names.map((n, i) => `${n} = $${i + 2}`).join(', ')}, revision = revision + 1 WHERE id = $1`, [
      id,
      ...Object.values(columns),
    ]);
  }
}

/** What of a new content is worth an entry of its own. */
function changesOf(ticket: TicketRecord, content: TicketContent, withCause = true): NewEvent[] {
  const events: NewEvent[] = [];
  if (withCause && ticket.cause !== content.cause) events.push({ kind: 'cause', by: SERVER, from: ticket.cause, to: content.cause });
  if (ticket.priority !== content.priority) events.push({ kind: 'priority', by: SERVER, from: ticket.priority, to: content.priority });
  return events;
}
