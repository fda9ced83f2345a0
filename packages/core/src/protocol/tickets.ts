import { z } from 'zod';
import { FIX_IDS, MECHANICS, VERDICTS } from '../fixes/index.js';
import { LAYERS } from '../health/index.js';
import { FAMILY_IDS, TICKET_EVENTS, TICKET_PRIORITIES, TICKET_STATES } from '../tickets/index.js';

/** Tickets, as clients read and send them. Times are ISO 8601 UTC. */

const Instant = z.string();

/** Who a ticket was given to: a person who signs in here, or a name that means something elsewhere (then without an id). */
export const AssigneeView = z.object({ personId: z.string().nullable(), name: z.string() });
export type AssigneeView = z.infer<typeof AssigneeView>;

/** Enough of a ticket to name it and link to it. */
export const TicketLink = z.object({
  id: z.string(),
  number: z.number(),
  state: z.enum(TICKET_STATES),
  cause: z.string(),
  title: z.string(),
  /** The ticket is about the computer as a whole. */
  onHost: z.boolean(),
});
export type TicketLink = z.infer<typeof TicketLink>;

/** One row of the table of tickets. */
export const TicketRow = z.object({
  id: z.string(),
  /** Counted from 1, without gaps. */
  number: z.number(),
  state: z.enum(TICKET_STATES),
  priority: z.enum(TICKET_PRIORITIES),
  /** `person`: chosen by somebody, and no longer derived from severity and impact. */
  priorityBy: z.enum(['server', 'person']),
  title: z.string(),
  cause: z.string(),
  causeTitle: z.string(),
  family: z.enum(FAMILY_IDS),
  layer: z.enum(LAYERS),
  hostId: z.string(),
  hostName: z.string(),
  /** Null where the ticket is about the computer as a whole. */
  pairId: z.string().nullable(),
  udid: z.string().nullable(),
  deviceName: z.string().nullable(),
  /** Phones affected. */
  pairs: z.number(),
  assignee: AssigneeView.nullable(),
  openedAt: Instant,
  /** The last entry of its story. */
  changedAt: Instant,
  /** The cause is proven gone since then; the ticket closes when it stayed so. */
  goneAt: Instant.nullable(),
  closedAt: Instant.nullable(),
  closedBy: z.enum(['server', 'person']).nullable(),
  reopenedAt: Instant.nullable(),
  reopened: z.number(),
  /** Subject, state, since when, why, next step. `{since}` is left for the client to fill in with the age of `since`. */
  sentence: z.string(),
  since: Instant,
  /** Grows with every change of this row: an older patch never overwrites a newer one. */
  revision: z.number(),
});
export type TicketRow = z.infer<typeof TicketRow>;

/** Counts of the open tickets. */
export const TicketSummary = z.object({
  open: z.number(),
  priority: z.object({ urgent: z.number(), high: z.number(), normal: z.number(), low: z.number() }),
  /** Nobody's. */
  unassigned: z.number(),
  /** Their cause is proven gone; they close by themselves. */
  gone: z.number(),
  at: Instant,
});
export type TicketSummary = z.infer<typeof TicketSummary>;

/** One entry of a ticket's story. Only the fields of its kind are set. */
export const TicketEventView = z.object({
  id: z.string(),
  at: Instant,
  kind: z.enum(TICKET_EVENTS),
  by: z.object({ kind: z.enum(['person', 'token', 'server']), id: z.string().nullable(), name: z.string() }),
  /** A comment, or the reason why a person closed it. */
  text: z.string().nullable(),
  /** What it was and what it became: causes, priorities, names. */
  from: z.string().nullable(),
  to: z.string().nullable(),
  /** A fix that was tried, with what the facts said about it. */
  run: z
    .object({
      id: z.string(),
      fix: z.enum(FIX_IDS),
      state: z.enum(['judged', 'expired', 'refused']),
      verdict: z.enum(VERDICTS).nullable(),
      waitingFor: z.string().nullable(),
      mechanics: z.enum(MECHANICS).nullable(),
      /** People carried it out step by step. */
      guided: z.boolean(),
    })
    .nullable(),
});
export type TicketEventView = z.infer<typeof TicketEventView>;
