import type { TicketSummary } from '@lockstep/core/protocol';
import { TICKET_PRIORITIES, type TicketPriority } from '@lockstep/core/tickets';
import { WORDS } from './words.js';

/** The open tickets in one sentence, in pieces: priorities nobody has are left out, and the pieces add up to the head. */
export interface TicketCounts {
  head: string;
  priorities: { priority: TicketPriority; n: number }[];
  /** Parts of the same tickets, not further ones. */
  among: string[];
}

export function ticketCounts(s: TicketSummary): TicketCounts {
  const priorities = TICKET_PRIORITIES.map((priority) => ({ priority, n: s.priority[priority] })).filter((c) => c.n > 0);
  const total = priorities.reduce((sum, c) => sum + c.n, 0);
  const among = [s.unassigned > 0 ? WORDS.unassigned(s.unassigned) : null, s.gone > 0 ? WORDS.gone(s.gone) : null];
  return { head: total === 0 ? WORDS.noneOpen : WORDS.open(total), priorities, among: among.filter((w) => w !== null) };
}

/** The same as one string. */
export function countsSentence(s: TicketSummary): string {
  const { head, priorities, among } = ticketCounts(s);
  const counts = priorities.map((c) => `${c.n} ${WORDS.priority[c.priority].word}`).join(', ');
  return `${head}${counts ? `: ${counts}` : ''}${among.length > 0 ? `; ${among.join(', ')}` : ''}.`;
}
