import type { FamilyId, TicketContent, TriedRun } from '@lockstep/core/tickets';
import type { Tx } from '../../platform/index.js';
import type { TicketRecord } from '../ticket-rows.js';

/** What a new ticket is about. */
export interface NewTicket {
  hostId: string;
  /** Empty for the host as a whole. */
  udid: string;
  family: FamilyId;
  content: TicketContent;
  /** The ticket of the same case that was closed too long ago. */
  previousId: string | null;
  tried: readonly TriedRun[];
}

/** A ticket that was just written. */
export interface WrittenTicket {
  id: string;
  number: number;
}

/**
 * Where tickets are filed. All calls come inside the transaction that decided them, while no other transaction decides about the same host: a
 * desk in another building keeps what is to be told there in a row of this transaction, and tells it afterwards.
 */
export interface Desk {
  readonly name: string;
  /** Null when the case has an open ticket already. */
  file(tx: Tx, ticket: NewTicket): Promise<WrittenTicket | null>;
  update(tx: Tx, ticket: TicketRecord, content: TicketContent, tried: readonly TriedRun[]): Promise<void>;
  /** Closes what the facts proved gone. */
  close(tx: Tx, ticket: TicketRecord, content: TicketContent, tried: readonly TriedRun[]): Promise<void>;
  reopen(tx: Tx, ticket: TicketRecord, content: TicketContent, tried: readonly TriedRun[]): Promise<void>;
}
