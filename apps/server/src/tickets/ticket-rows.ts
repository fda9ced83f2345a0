import { causeTitle } from '@lockstep/core/diagnosis';
import type { CauseId, Layer } from '@lockstep/core/health';
import type { TicketLink, TicketRow } from '@lockstep/core/protocol';
import { type FamilyId, type KnownTicket, type TicketPriority, type TicketState, ticketSentence } from '@lockstep/core/tickets';
import { DEVICE_NAME } from '../pairs/index.js';

/** One row of `ticket`. */
export interface TicketRecord {
  id: string;
  number: number;
  desk: string;
  host_id: string;
  udid: string;
  family: FamilyId;
  cause: CauseId;
  layer: Layer;
  finding_id: string;
  state: TicketState;
  priority: TicketPriority;
  priority_by: 'server' | 'person';
  title: string;
  body: string;
  written_from: string;
  pairs: number;
  flapping: boolean;
  assignee_id: string | null;
  assignee: string | null;
  began_at: Date;
  since: Date;
  opened_at: Date;
  changed_at: Date;
  gone_at: Date | null;
  closed_at: Date | null;
  closed_by: 'server' | 'person' | null;
  closed_by_name: string | null;
  close_reason: string | null;
  reopened_at: Date | null;
  reopened: number;
  previous_id: string | null;
  revision: string;
}

/** A ticket with the names that people know. */
export interface NamedTicket extends TicketRecord {
  hostname: string;
  pair_id: string | null;
  device_name: string | null;
}

/** Tickets with their names; a caller adds WHERE, ORDER BY and LIMIT. */
export const TICKETS = `SELECT t.*, h.hostname, p.id AS pair_id, CASE WHEN d.udid IS NULL THEN NULL ELSE ${DEVICE_NAME} END AS device_name
  FROM ticket t JOIN host_key h ON h.id = t.host_id LEFT JOIN pair p ON p.host_id = t.host_id AND p.udid = t.udid LEFT JOIN device d ON d.udid = t.udid`;

const isoOrNull = (d: Date | null) => d?.toISOString() ?? null;

/** A ticket as clients see it. */
export function ticketRow(r: NamedTicket): TicketRow {
  const about = r.closed_at ?? r.gone_at ?? r.reopened_at ?? r.opened_at;
  const named = { hostName: r.hostname, deviceName: r.udid === '' ? null : (r.device_name ?? r.udid) };
  return {
    id: r.id,
    number: r.number,
    state: r.state,
    priority: r.priority,
    priorityBy: r.priority_by,
    title: r.title,
    cause: r.cause,
    causeTitle: causeTitle(r.cause),
    family: r.family,
    layer: r.layer,
    hostId: r.host_id,
    pairId: r.pair_id,
    udid: r.udid === '' ? null : r.udid,
    ...named,
    pairs: r.pairs,
    assignee: r.assignee === null ? null : { personId: r.assignee_id, name: r.assignee },
    openedAt: r.opened_at.toISOString(),
    changedAt: r.changed_at.toISOString(),
    goneAt: isoOrNull(r.gone_at),
    closedAt: isoOrNull(r.closed_at),
    closedBy: r.closed_by,
    reopenedAt: isoOrNull(r.reopened_at),
    reopened: r.reopened,
    sentence: ticketSentence({
      ...named,
      cause: r.cause,
      state: r.state,
      gone: r.gone_at !== null,
      reopened: r.reopened,
      closedBy: r.closed_by_name === null ? null : { name: r.closed_by_name, reason: r.close_reason ?? '' },
    }),
    since: about.toISOString(),
    revision: Number(r.revision),
  };
}

/** Enough of a ticket to link to it. */
export function ticketLink(r: Pick<TicketRecord, 'id' | 'number' | 'state' | 'cause' | 'title' | 'udid'>): TicketLink {
  return { id: r.id, number: r.number, state: r.state, cause: r.cause, title: r.title, onHost: r.udid === '' };
}

/** A ticket as core decides about it. */
export function knownTicket(r: TicketRecord): KnownTicket {
  return {
    state: r.state,
    findingId: r.finding_id,
    priority: r.priority,
    priorityBy: r.priority_by,
    from: r.written_from,
    pairs: r.pairs,
    since: r.since.getTime(),
    flapping: r.flapping,
    closedAt: r.closed_at?.getTime() ?? null,
    closedBy: r.closed_by,
    reopened: r.reopened,
  };
}
