import type { HealthEffect } from '../health/index.js';
import { TICKET_PRIORITIES, type TicketPriority } from './shapes.js';

/** The four severities that event receivers understand (PagerDuty Events v2). */
export type Severity = 'critical' | 'error' | 'warning' | 'info';

/** How grave a finding is, by what it does to a pair. */
export function severityOf(health: HealthEffect): Severity {
  const by: Record<HealthEffect, Severity> = {
    broken: 'error',
    waiting: 'warning',
    unknown: 'warning',
    degraded: 'warning',
    advisory: 'info',
  };
  return by[health];
}

/** Phones from which a fault counts as one of several people, and as one of a whole desk or charging cart. */
const SEVERAL = 2;
const MANY = 5;
/** A cause that came back this often after its ticket was closed does not heal by itself: it is raised by one step. */
const COMES_BACK = 2;

/** Urgency from severity (how grave), impact (how many phones), and whether it keeps coming back. */
export function priorityOf(p: { health: HealthEffect; pairs: number; reopened: number }): TicketPriority {
  const base = p.pairs >= MANY ? 0 : p.pairs >= SEVERAL ? 1 : 2;
  const milder = severityOf(p.health) === 'error' ? 0 : 1;
  const raised = p.reopened >= COMES_BACK ? 1 : 0;
  const step = Math.min(TICKET_PRIORITIES.length - 1, Math.max(0, base + milder - raised));
  return TICKET_PRIORITIES[step] ?? 'low';
}
