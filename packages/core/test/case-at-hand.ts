import type { KnownTicket, TicketFinding, TicketInput, TicketSubject } from '../src/tickets/index.js';

export const NOW = Date.UTC(2026, 10, 24, 12, 0, 0);
export const MIN = 60_000;
export const HOUR = 60 * MIN;

/** A pair at hand whose trust rung is broken. */
export const PAIR: TicketSubject = {
  scope: 'pair',
  hostName: 'lnx-0231',
  deviceName: 'Jun’s iPhone',
  heard: true,
  revoked: false,
  presence: 'attached',
  health: 'broken',
  rungs: ['ok', 'ok', 'ok', 'broken', 'ok', 'not-needed', 'not-reached', 'not-needed'],
  since: NOW - 20 * MIN,
  pairs: 1,
};
export const HEALTHY: Partial<TicketSubject> = {
  health: 'healthy',
  rungs: ['ok', 'ok', 'ok', 'ok', 'ok', 'not-needed', 'ok', 'not-needed'],
};
/** A computer whose phone service is down, with three phones. */
export const HOST: TicketSubject = {
  ...PAIR,
  scope: 'host',
  deviceName: null,
  since: null,
  pairs: 3,
  rungs: ['ok', 'unknown', 'broken', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
};

/** A finding that opened `age` before now: the phone no longer trusts this computer. */
export function finding(age: number, change: Partial<TicketFinding> = {}): TicketFinding {
  return {
    id: 'f1',
    cause: 'C44',
    layer: 'trust',
    health: 'broken',
    confidence: 0.9,
    explainedBy: null,
    openedAt: NOW - age,
    closedAt: null,
    evidence: [{ signal: 'session.not-known', value: 'yes', reading: 'InvalidHostID (-21)' }],
    ...change,
  };
}

/** An open ticket about that finding, not written yet as it would be now. */
export function ticket(change: Partial<KnownTicket> = {}): KnownTicket {
  return {
    state: 'open',
    findingId: 'f1',
    priority: 'normal',
    priorityBy: 'server',
    from: 'as it was',
    pairs: 1,
    since: NOW - HOUR,
    flapping: false,
    closedAt: null,
    closedBy: null,
    reopened: 0,
    ...change,
  };
}

/** The case at hand, some of it changed. */
export function input(change: Partial<TicketInput> = {}): TicketInput {
  return { now: NOW, subject: PAIR, findings: [finding(HOUR)], ticket: null, tried: [], ...change };
}
