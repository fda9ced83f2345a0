import { describe, expect, it } from '@jest/globals';
import type { TicketSummary } from '@lockstep/core/protocol';
import { countsSentence, ticketCounts } from './counts.js';

const summary = (priority: Partial<TicketSummary['priority']>, rest: Partial<TicketSummary> = {}): TicketSummary => ({
  open: 0,
  priority: { urgent: 0, high: 0, normal: 0, low: 0, ...priority },
  unassigned: 0,
  gone: 0,
  at: '2026-11-24T09:00:00.000Z',
  ...rest,
});

describe('the open tickets in one sentence', () => {
  it.each([
    [summary({}), 'No open ticket.'],
    [summary({ low: 1 }), '1 open ticket: 1 low.'],
    [
      summary({ urgent: 1, normal: 4 }, { unassigned: 3, gone: 2 }),
      '5 open tickets: 1 urgent, 4 normal; 3 nobody’s, 2 proven gone, closing.',
    ],
  ])('%j', (s, sentence) => expect(countsSentence(s)).toBe(sentence));
  it('adds up', () => {
    const { head, priorities } = ticketCounts(summary({ urgent: 1, high: 2, normal: 3, low: 4 }));
    expect(head).toBe('10 open tickets');
    expect(priorities.reduce((n, c) => n + c.n, 0)).toBe(10);
  });
});
