import { describe, expect, it } from '@jest/globals';
import { finding, HEALTHY, HOST, HOUR, input, MIN, NOW, PAIR, ticket } from '../../test/case-at-hand.js';
import { decideTicket } from './decide.js';
import type { NothingBecause, TicketInput } from './shapes.js';

const gone = (age: number, closedAgo: number) => finding(age, { closedAt: NOW - closedAgo });
/** The same case after its text was written. */
const written = (i: TicketInput): TicketInput => {
  const { action } = decideTicket(i);
  if (action.do === 'nothing' || i.ticket === null) return i;
  return { ...i, ticket: { ...i.ticket, ...action.content, state: 'open' } };
};

describe('files nothing', () => {
  const cases: [string, NothingBecause, Partial<TicketInput>, number | null][] = [
    ['while nothing is open', 'nothing-open', { findings: [gone(HOUR, MIN)] }, null],
    ['for an advisory', 'nothing-open', { findings: [finding(99 * HOUR, { cause: 'C98', health: 'advisory', layer: 'usb' })] }, null],
    ['before the hold-off is over, and says when', 'hold-off', { findings: [finding(14 * MIN)] }, NOW + MIN],
    ['for a consequence', 'explained', { findings: [finding(HOUR, { explainedBy: 'C42' })] }, null],
    [
      'above a lower rung that broke',
      'explained',
      { subject: { ...PAIR, rungs: ['ok', 'ok', 'broken', 'not-reached', 'not-reached', 'not-needed', 'not-reached', 'not-needed'] } },
      null,
    ],
    ['for a phone that is away', 'away', { subject: { ...PAIR, presence: 'away', pairs: 0 } }, null],
    ['for a phone never seen here', 'away', { subject: { ...PAIR, presence: 'never-seen', pairs: 0 } }, null],
    ['for a computer that is silent', 'silent', { subject: { ...PAIR, heard: false } }, null],
    ['for a revoked computer', 'revoked', { subject: { ...PAIR, revoked: true } }, null],
    [
      'for a phone service that no phone needs now',
      'nobody-affected',
      { subject: { ...HOST, pairs: 0 }, findings: [finding(HOUR, { cause: 'C30', layer: 'mux' })] },
      null,
    ],
    [
      'for an agent without rights in its first day',
      'hold-off',
      { subject: HOST, findings: [finding(23 * HOUR, { cause: 'C97', layer: 'host', health: 'unknown' })] },
      NOW + HOUR,
    ],
    [
      'for a phone that is locked for three hours',
      'hold-off',
      { findings: [finding(3 * HOUR, { cause: 'C41', health: 'waiting' })] },
      NOW + HOUR,
    ],
    [
      'for a phone that is locked and unlocked all day',
      'hold-off',
      {
        findings: [1, 2, 3, 4, 5].map((n) =>
          finding(n * 5 * MIN, { id: `f${n}`, cause: 'C41', health: 'waiting', closedAt: n === 1 ? null : NOW - n * 5 * MIN + MIN }),
        ),
      },
      NOW - 5 * MIN + 4 * HOUR,
    ],
    [
      'after a person closed it, as long as the finding lasts',
      'closed-by-person',
      { ticket: ticket({ state: 'closed', closedAt: NOW - 30 * MIN, closedBy: 'person' }) },
      null,
    ],
  ];
  it.each(cases)('%s', (_, because, change, nextAt) => {
    expect(decideTicket(input(change))).toEqual({ action: { do: 'nothing', because }, nextAt });
  });
});

describe('files', () => {
  it('when the hold-off is over', () => {
    const { action, nextAt } = decideTicket(input({ findings: [finding(15 * MIN)] }));
    expect(action).toMatchObject({
      do: 'file',
      linked: false,
      content: { findingId: 'f1', cause: 'C44', priority: 'normal', pairs: 1, flapping: false },
    });
    expect(nextAt).toBeNull();
  });
  it('one ticket for a computer, with its phones counted', () => {
    const { action } = decideTicket(input({ subject: HOST, findings: [finding(10 * MIN, { cause: 'C30', layer: 'mux' })] }));
    expect(action).toMatchObject({ do: 'file', content: { cause: 'C30', pairs: 3, priority: 'high' } });
  });
  it('for an agent without rights after a day, whether or not a phone is there', () => {
    const { action } = decideTicket(
      input({ subject: { ...HOST, pairs: 0 }, findings: [finding(24 * HOUR, { cause: 'C97', layer: 'host', health: 'unknown' })] }),
    );
    expect(action).toMatchObject({ do: 'file', content: { priority: 'low', pairs: 0 } });
  });
  it('about the gravest of the family, and counts the wait from the first', () => {
    const findings = [finding(MIN, { id: 'new', cause: 'C43' }), finding(16 * MIN, { id: 'old', cause: 'C40', health: 'degraded' })];
    expect(decideTicket(input({ findings })).action).toMatchObject({
      do: 'file',
      content: { findingId: 'new', cause: 'C43', since: NOW - 16 * MIN },
    });
  });
  it('what comes and goes at once, because its hold-off would never run out', () => {
    const findings = [1, 2, 3, 4].map((n) =>
      finding(n * 10 * MIN, { id: `f${n}`, closedAt: n === 1 ? null : NOW - n * 10 * MIN + 5 * MIN }),
    );
    expect(decideTicket(input({ findings: findings.slice(0, 3) })).action).toMatchObject({ because: 'hold-off' });
    expect(decideTicket(input({ findings })).action).toMatchObject({ do: 'file', content: { flapping: true, findingId: 'f1' } });
  });
  it('with one hold-off for all where the desk wants it so, but an advisory never', () => {
    const pace = { holdOffMs: 1_000, dwellMs: 1_000, reopenMs: HOUR };
    expect(decideTicket(input({ findings: [finding(1_000, { cause: 'C41', health: 'waiting' })] }), pace).action.do).toBe('file');
    expect(decideTicket(input({ findings: [finding(9 * HOUR, { cause: 'C98', health: 'advisory' })] }), pace).action.do).toBe('nothing');
  });
});

describe('goes on', () => {
  it('says nothing twice', () => {
    const once = written(input({ ticket: ticket() }));
    expect(decideTicket(once)).toEqual({ action: { do: 'nothing', because: 'unchanged' }, nextAt: null });
  });
  it('does not rewrite a ticket for a new reading of the same', () => {
    const once = written(input({ ticket: ticket() }));
    const evidence = [{ signal: 'session.not-known', value: 'yes', reading: 'InvalidHostID (-21), 14 ms' }];
    expect(decideTicket({ ...once, findings: [finding(HOUR, { evidence })] }).action.do).toBe('nothing');
  });
  it('follows the story to another cause of the family', () => {
    const once = written(input({ ticket: ticket() }));
    const findings = [gone(HOUR, MIN), finding(MIN, { id: 'f2', cause: 'C43' })];
    expect(decideTicket({ ...once, findings }).action).toMatchObject({ do: 'update', content: { findingId: 'f2', cause: 'C43' } });
  });
  it('stays with its own cause while the phone waits for its holder, and tells the wait when only that is left', () => {
    const once = written(input({ ticket: ticket() }));
    const wait = finding(MIN, { id: 'f2', cause: 'C42', health: 'waiting' });
    const waiting = [finding(HOUR, { explainedBy: 'C42' }), wait];
    expect(decideTicket({ ...once, findings: waiting }).action).toEqual({ do: 'nothing', because: 'unchanged' });
    expect(decideTicket({ ...once, findings: [gone(HOUR, MIN), wait] }).action).toMatchObject({
      do: 'update',
      content: { cause: 'C42', goneAt: null },
    });
  });
  it('stays with its own cause while the dialog explains it', () => {
    const once = written(input({ ticket: ticket() }));
    expect(decideTicket({ ...once, findings: [finding(HOUR, { explainedBy: 'C42' })] }).action).toEqual({
      do: 'nothing',
      because: 'unchanged',
    });
  });
  it('tells what was tried', () => {
    const once = written(input({ ticket: ticket() }));
    const run = {
      id: 'r1',
      fix: 'F12',
      by: 'Tess',
      at: NOW,
      state: 'judged',
      verdict: 'unchanged',
      waitingFor: null,
      mechanics: 'done',
    } as const;
    const { action } = decideTicket({ ...once, tried: [run] });
    expect(action.do === 'update' && action.content.body).toContain('it did not help: the cause was still there');
  });
  it('counts phones as they come and go, but not as they are pulled out of a broken computer', () => {
    const i = { subject: HOST, findings: [finding(HOUR, { cause: 'C30', layer: 'mux' })] };
    const once = written(input({ ...i, ticket: ticket() }));
    expect(decideTicket({ ...once, subject: { ...HOST, pairs: 6 } }).action).toMatchObject({
      do: 'update',
      content: { pairs: 6, priority: 'urgent' },
    });
    expect(decideTicket({ ...once, subject: { ...HOST, pairs: 0 } }).action).toMatchObject({ because: 'unchanged' });
    expect(decideTicket({ ...once, subject: { ...HOST, heard: false, pairs: 1 } }).action).toMatchObject({ because: 'unchanged' });
  });
  it('keeps the priority that a person chose', () => {
    const once = written(input({ ticket: ticket({ priority: 'urgent', priorityBy: 'person' }) }));
    expect(decideTicket({ ...once, subject: { ...PAIR } }).action.do).toBe('nothing');
    expect(once.ticket?.priority).toBe('urgent');
  });
});

describe('closes', () => {
  const healthy = { ...PAIR, ...HEALTHY, since: NOW - 11 * MIN };
  const after = (change: Partial<TicketInput>) =>
    decideTicket(written(input({ subject: healthy, findings: [gone(HOUR, 11 * MIN)], ticket: ticket(), ...change })));

  it('when the cause stayed gone for the dwell time', () => {
    expect(after({}).action).toMatchObject({ do: 'close', content: { goneAt: NOW - 11 * MIN } });
  });
  it.each<[string, NothingBecause, Partial<TicketInput>, number | null]>([
    ['not before', 'dwell', { findings: [gone(HOUR, 9 * MIN)] }, NOW + MIN],
    ['not before the pair was well for so long', 'dwell', { subject: { ...healthy, since: NOW - 4 * MIN } }, NOW + 6 * MIN],
    ['not while the phone is away', 'unproven', { subject: { ...healthy, presence: 'away' } }, null],
    ['not while the computer is silent', 'unproven', { subject: { ...healthy, heard: false } }, null],
    [
      'not while the rung cannot be proven',
      'unproven',
      { subject: { ...healthy, health: 'unknown', rungs: healthy.rungs.map((r, n) => (n === 3 ? 'unknown' : r)) } },
      null,
    ],
    [
      'not while a lower rung is broken',
      'unproven',
      { subject: { ...healthy, health: 'broken', rungs: healthy.rungs.map((r, n) => (n === 2 ? 'broken' : r)) } },
      null,
    ],
    ['not by another finding’s end', 'unproven', { findings: [finding(HOUR, { id: 'f9', closedAt: NOW - HOUR / 2 })] }, null],
  ])('%s', (_, because, change, nextAt) => {
    expect(after(change)).toEqual({ action: { do: 'nothing', because }, nextAt });
  });
  it('although something above it is wrong', () => {
    expect(
      after({ subject: { ...healthy, health: 'broken', rungs: healthy.rungs.map((r, n) => (n === 6 ? 'broken' : r)) } }).action.do,
    ).toBe('close');
  });
  it('a computer’s ticket when the computer is well', () => {
    const findings = [finding(HOUR, { cause: 'C30', layer: 'mux', closedAt: NOW - 11 * MIN })];
    expect(after({ subject: { ...HOST, health: 'healthy' }, findings }).action.do).toBe('close');
    expect(after({ subject: { ...HOST, health: 'unknown' }, findings }).action.do).toBe('nothing');
  });
  it('not while the family is only on with another cause', () => {
    expect(after({ findings: [gone(HOUR, 30 * MIN), finding(20 * MIN, { id: 'f2', cause: 'C40' })] }).action.do).toBe('nothing');
  });
});

describe('after it was closed', () => {
  const closed = (ago: number, change = {}) => ticket({ state: 'closed', closedAt: NOW - ago, closedBy: 'server', ...change });
  const back = [finding(16 * MIN, { id: 'f2' })];

  it('reopens the same ticket within a day', () => {
    expect(decideTicket(input({ findings: back, ticket: closed(16 * MIN + 24 * HOUR) })).action).toMatchObject({
      do: 'reopen',
      content: { findingId: 'f2', since: NOW - 16 * MIN },
    });
  });
  it('looks at when it came back, not at when its hold-off is over', () => {
    const findings = [finding(24 * HOUR, { cause: 'C97', health: 'unknown', layer: 'host' })];
    expect(decideTicket(input({ subject: HOST, findings, ticket: closed(26 * HOUR) })).action.do).toBe('reopen');
  });
  it('files a new one, linked, after that', () => {
    expect(decideTicket(input({ findings: back, ticket: closed(17 * MIN + 24 * HOUR) })).action).toMatchObject({
      do: 'file',
      linked: true,
    });
  });
  it('raises what keeps coming back', () => {
    expect(decideTicket(input({ findings: back, ticket: closed(HOUR, { reopened: 1 }) })).action).toMatchObject({
      do: 'reopen',
      content: { priority: 'high' },
    });
  });
  it('by a person, reopens for a new finding', () => {
    expect(decideTicket(input({ findings: back, ticket: closed(HOUR, { closedBy: 'person' }) })).action.do).toBe('reopen');
  });
});
