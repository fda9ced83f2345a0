import { describe, expect, it } from '@jest/globals';
import { TICKET_PRIORITIES } from '@lockstep/core/tickets';
import fc from 'fast-check';
import { ticket } from './rows.fixture.js';
import {
  compareTickets,
  DEFAULT_TICKETS,
  isTicketsFiltered,
  parseTickets,
  TICKET_SORT_FIELDS,
  type TicketsView,
  ticketMatches,
  ticketsQueryOf,
  ticketsSearch,
} from './ticket-view.js';

const ID = '00000000-0000-4000-8000-0000000000aa';
const views: fc.Arbitrary<TicketsView> = fc.record({
  state: fc.constantFrom('open' as const, 'closed' as const, 'all' as const),
  priority: fc.subarray([...TICKET_PRIORITIES]),
  assignee: fc.constantFrom(null, 'me', 'none', ID),
  host: fc.constantFrom(null, ID),
  pair: fc.constantFrom(null, ID),
  cause: fc.constantFrom(null, 'C44', 'L01'),
  q: fc.string({ maxLength: 40 }).map((s) => s.trim()),
  sort: fc.constantFrom(...TICKET_SORT_FIELDS.flatMap((f) => [f, `-${f}`] as const)),
});

describe('the address of the page of tickets', () => {
  it('is the view, and back', () => {
    fc.assert(fc.property(views, (view) => expect(parseTickets(ticketsSearch(view))).toEqual(view)));
  });
  it('of the default says nothing', () => expect(ticketsSearch(DEFAULT_TICKETS)).toEqual({}));
  it('that is mistyped shows more, not an error', () => {
    expect(
      parseTickets({ state: 'half', priority: 'p1,low', assignee: 'you', host: 'x', cause: 'sick', sort: 'colour', q: '  a ' }),
    ).toEqual({
      ...DEFAULT_TICKETS,
      priority: ['low'],
      q: 'a',
    });
  });
  it('asks the API for open ones, unless all are wanted', () => {
    expect(ticketsQueryOf(DEFAULT_TICKETS)).toEqual({ sort: 'priority', state: 'open' });
    expect(ticketsQueryOf({ ...DEFAULT_TICKETS, state: 'all', assignee: 'me' })).toEqual({ sort: 'priority', assignee: 'me' });
  });
  it('knows when it is filtered; a sort filters nothing', () => {
    expect(isTicketsFiltered({ ...DEFAULT_TICKETS, sort: '-number' })).toBe(false);
    expect(isTicketsFiltered({ ...DEFAULT_TICKETS, state: 'closed' })).toBe(true);
  });
});

describe('a ticket', () => {
  const mine = ticket({ assignee: { personId: 'me-id', name: 'Ann' } });
  it.each<[string, Partial<TicketsView>, ReturnType<typeof ticket>, boolean]>([
    ['open', {}, ticket(), true],
    ['closed', {}, ticket({ state: 'closed' }), false],
    ['closed, among all', { state: 'all' }, ticket({ state: 'closed' }), true],
    ['of a priority', { priority: ['high', 'normal'] }, ticket(), true],
    ['of another priority', { priority: ['high'] }, ticket(), false],
    ['mine', { assignee: 'me' }, mine, true],
    ['another’s', { assignee: 'me' }, ticket({ assignee: { personId: null, name: 'Ann' } }), false],
    ['nobody’s', { assignee: 'none' }, ticket(), true],
    ['somebody’s', { assignee: 'none' }, mine, false],
    ['by number', { q: '#12' }, ticket(), true],
    ['by another number', { q: '#13' }, ticket(), false],
    ['by a word of its title', { q: 'TRUSTS' }, ticket(), true],
    ['by computer', { q: 'mbp-02' }, ticket(), true],
    ['of another cause', { cause: 'C40' }, ticket(), false],
  ])('%s belongs or not', (_, view, row, belongs) => expect(ticketMatches(row, { ...DEFAULT_TICKETS, ...view }, 'me-id')).toBe(belongs));

  it('is nobody’s own while nobody is signed in', () =>
    expect(ticketMatches(mine, { ...DEFAULT_TICKETS, assignee: 'me' }, null)).toBe(false));

  it('stands most urgent first, equals by number', () => {
    const rows = [
      ticket({ number: 3, priority: 'low' }),
      ticket({ number: 2 }),
      ticket({ number: 1 }),
      ticket({ number: 4, priority: 'urgent' }),
    ];
    const numbers = (sort: TicketsView['sort']) => [...rows].sort((a, b) => compareTickets(a, b, sort)).map((r) => r.number);
    expect(numbers('priority')).toEqual([4, 1, 2, 3]);
    expect(numbers('-priority')).toEqual([3, 2, 1, 4]);
    expect(numbers('-number')).toEqual([4, 3, 2, 1]);
  });
});
