import { describe, expect, it } from '@jest/globals';
import type { TicketEventView } from '@lockstep/core/protocol';
import { TICKET_EVENTS } from '@lockstep/core/tickets';
import { byWords, stateOf, told } from './story.js';

const event = (over: Partial<TicketEventView>): TicketEventView => ({
  id: '1',
  at: '2026-11-24T09:00:00.000Z',
  kind: 'comment',
  by: { kind: 'server', id: null, name: 'server' },
  text: null,
  from: null,
  to: null,
  run: null,
  ...over,
});
const run = (verdict: 'cured' | 'unchanged' | 'worse' | 'waiting' | 'unknown' | null, state: 'judged' | 'expired' = 'judged') =>
  event({
    kind: 'tried',
    by: { kind: 'server', id: null, name: 'Tess' },
    run: { id: 'r', fix: 'F12', state, verdict, waitingFor: null, mechanics: 'done', guided: false },
  });

describe('an entry of a story', () => {
  it.each([
    [event({ kind: 'filed', to: 'C44' }), 'filed: Phone no longer trusts this computer'],
    [event({ kind: 'cause', from: 'C44', to: 'C40' }), 'goes on as: Not paired (was: Phone no longer trusts this computer)'],
    [event({ kind: 'priority', from: 'normal', to: 'urgent' }), 'priority urgent (was normal)'],
    [event({ kind: 'priority', from: 'urgent', to: null }), 'priority handed back: derived again'],
    [event({ kind: 'assignee', from: null, to: 'Ann' }), 'given to Ann'],
    [event({ kind: 'assignee', from: 'Ann', to: 'Bo' }), 'given to Bo (was Ann’s)'],
    [event({ kind: 'assignee', from: 'Ann', to: null }), 'taken from Ann: nobody’s now'],
    [event({ kind: 'closed' }), 'closed: proven gone, and stayed gone'],
    [event({ kind: 'closed', text: 'new phone' }), 'closed: new phone'],
    [event({ kind: 'reopened', to: 'C44' }), 'reopened, it came back: Phone no longer trusts this computer'],
    [run('unchanged'), 'Ask for trust again: it did not help: the cause was still there'],
    [run(null, 'expired'), 'Ask for trust again: it was never carried out: the computer did not take the order in time'],
  ])('%j', (e, words) => expect(told(e).words).toBe(words));

  it('is known for every kind', () => {
    for (const kind of TICKET_EVENTS)
      expect(told(event({ kind, from: 'x', to: 'y', text: 'z' }))).toMatchObject({ mark: expect.any(String) });
  });
  it('that a person said stands as it was said', () => expect(told(event({ text: 'a\nb' }))).toMatchObject({ comment: 'a\nb', words: '' }));
  it('is good only where the facts proved it', () => {
    const good = [run('cured'), event({ kind: 'closed' })];
    const notGood = [
      run('unchanged'),
      run('worse'),
      run('waiting'),
      run('unknown'),
      run(null, 'expired'),
      event({ kind: 'closed', text: 'by hand' }),
    ];
    expect(good.map((e) => told(e).mark)).toEqual(['ok', 'ok']);
    for (const e of notGood) expect(told(e).mark).not.toBe('ok');
  });
  it('of a run is by whoever asked for it, else by the server', () => {
    expect(byWords(run('cured'))).toBe('Tess');
    expect(byWords(event({ kind: 'filed' }))).toBe('Lockstep');
    expect(byWords(event({ by: { kind: 'person', id: 'p', name: 'Ann' } }))).toBe('Ann');
  });
});

describe('a ticket’s state', () => {
  it('is gone while it waits to be closed', () => {
    expect(stateOf({ state: 'open', goneAt: null })).toBe('open');
    expect(stateOf({ state: 'open', goneAt: '2026-11-24T09:00:00.000Z' })).toBe('gone');
    expect(stateOf({ state: 'closed', goneAt: '2026-11-24T09:00:00.000Z' })).toBe('closed');
  });
});
