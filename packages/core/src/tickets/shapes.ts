import type { FixId, Mechanics, Verdict } from '../fixes/index.js';
import type { CauseId, Health, HealthEffect, Layer, Presence, RungState } from '../health/index.js';

export const TICKET_STATES = ['open', 'closed'] as const;
export type TicketState = (typeof TICKET_STATES)[number];

/** Most urgent first. */
export const TICKET_PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const;
export type TicketPriority = (typeof TICKET_PRIORITIES)[number];

/** What happens to a ticket, each an entry of its story. */
export const TICKET_EVENTS = ['filed', 'cause', 'priority', 'assignee', 'tried', 'comment', 'closed', 'reopened'] as const;
export type TicketEventKind = (typeof TICKET_EVENTS)[number];

/** Longest title: fits the short text of the ticket systems that cut at 130. */
export const TITLE_MAX = 130;
/** Longest body: fits the description of the ticket systems that cut at 15,000. */
export const BODY_MAX = 15_000;

/** One finding of the family that the case is about. */
export interface TicketFinding {
  id: string;
  cause: CauseId;
  layer: Layer;
  health: HealthEffect;
  confidence: number;
  explainedBy: CauseId | null;
  evidence: readonly { signal: string; value: string; reading: string }[];
  openedAt: number;
  /** Null while it is open. */
  closedAt: number | null;
}

/** What the case is about: a pair, or a host as a whole. */
export interface TicketSubject {
  scope: 'host' | 'pair';
  hostName: string;
  /** Null for a host. */
  deviceName: string | null;
  /** The agent was heard within the silence limit. */
  heard: boolean;
  revoked: boolean;
  /** A host is always attached. */
  presence: Presence;
  health: Health;
  /** Eight marks, host first. */
  rungs: readonly RungState[];
  /** Since when the pair's presence, health and primary cause are what they are; null for a host. */
  since: number | null;
  /** Phones that are plugged in: 1 or 0 for a pair, any number for a host. */
  pairs: number;
}

/** A fix that ran against the family's causes and is over. */
export interface TriedRun {
  id: string;
  fix: FixId;
  by: string;
  at: number;
  state: 'judged' | 'expired' | 'refused';
  verdict: Verdict['verdict'] | null;
  waitingFor: string | null;
  mechanics: Mechanics | null;
  /** People carried it out step by step. */
  guided?: boolean;
}

/** The newest ticket of the case. */
export interface KnownTicket {
  state: TicketState;
  findingId: string;
  priority: TicketPriority;
  /** What a person chose stays. */
  priorityBy: 'server' | 'person';
  /** As the last text was written. */
  from: string;
  /** Phones affected, as last written. */
  pairs: number;
  /** When the trouble began that it was opened (or last reopened) for, ms. */
  since: number;
  /** It comes and goes. */
  flapping: boolean;
  closedAt: number | null;
  closedBy: 'server' | 'person' | null;
  reopened: number;
}

/** Everything that is written into a ticket. */
export interface TicketText {
  title: string;
  body: string;
  /** What it was written from, readings left out: they change with every look, and a ticket is not rewritten for that. */
  from: string;
}

/** What a ticket says after a decision. */
export interface TicketContent extends TicketText {
  findingId: string;
  cause: CauseId;
  layer: Layer;
  priority: TicketPriority;
  pairs: number;
  since: number;
  flapping: boolean;
  /** When the cause was proven gone, ms; null while it is open. */
  goneAt: number | null;
}

/** Why nothing is done, as a word. */
export type NothingBecause =
  /** Nothing that is worth a ticket is open. */
  | 'nothing-open'
  /** All that is open is explained by another cause, or stands above a lower rung that broke. */
  | 'explained'
  | 'revoked'
  /** The agent is not heard: what it said proves nothing now. */
  | 'silent'
  | 'away'
  /** Nobody has a phone plugged in that would feel it. */
  | 'nobody-affected'
  | 'hold-off'
  /** A person closed the ticket although this finding was open: that word stands while the finding lasts. */
  | 'closed-by-person'
  /** Proven gone; it has to stay so for a while. */
  | 'dwell'
  /** Proven gone, but nobody can look whether it stays so. */
  | 'unproven'
  /** The ticket is open and says what is known. */
  | 'unchanged';

export type TicketAction =
  | { do: 'nothing'; because: NothingBecause }
  /** `linked`: a ticket of this case closed too long ago to be reopened, and is named in the new one. */
  | { do: 'file'; content: TicketContent; linked: boolean }
  | { do: 'reopen'; content: TicketContent }
  | { do: 'update'; content: TicketContent }
  | { do: 'close'; content: TicketContent };

export interface TicketDecision {
  action: TicketAction;
  /** When time alone would change the decision, ms; null when only news would. */
  nextAt: number | null;
}

export interface TicketInput {
  /** Server time, ms. */
  now: number;
  subject: TicketSubject;
  /**
   * The family's findings: all that are open, all that were opened since the open ticket's trouble began, and those opened within the last
   * hour (to tell one that comes and goes).
   */
  findings: readonly TicketFinding[];
  ticket: KnownTicket | null;
  /** Oldest first. */
  tried: readonly TriedRun[];
}
