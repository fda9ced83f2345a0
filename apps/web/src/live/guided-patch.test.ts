import { describe, expect, it } from '@jest/globals';
import type { AnswerView } from '@lockstep/core/protocol';
import { isGuidedOver, withAnswer, withGuided } from './guided-patch.js';
import { detail, guided } from './rows.fixture.js';

const DONE = '2026-11-24T09:01:00.000Z';
const step = (doneAt: string | null) => ({ step: 'unlock' as const, who: 'holder' as const, hasProof: true, doneAt, doneBy: null });

describe('a guided run laid into the page', () => {
  it('is put on top when it is new, and replaced where it stands when it went on', () => {
    const first = withGuided(detail(), guided({ id: 'a' }));
    const both = withGuided(first, guided({ id: 'b' }));
    expect(both.guided.map((g) => g.id)).toEqual(['b', 'a']);
    expect(withGuided(both, guided({ id: 'a', state: 'judged', verdict: 'cured' })).guided.map((g) => g.state)).toEqual(['open', 'judged']);
  });

  it('never goes back: an answer that comes late knows less', () => {
    const judged = withGuided(detail(), guided({ state: 'judged', steps: [step(DONE)] }));
    expect(withGuided(judged, guided({ steps: [step(null)] })).guided[0]?.state).toBe('judged');
    const ticked = withGuided(detail(), guided({ steps: [step(DONE)] }));
    expect(withGuided(ticked, guided({ steps: [step(null)] })).guided[0]?.steps[0]?.doneAt).toBe(DONE);
    expect(
      withGuided(withGuided(detail(), guided({ steps: [step(null)] })), guided({ steps: [step(DONE)] })).guided[0]?.steps[0]?.doneAt,
    ).toBe(DONE);
  });

  it('is over when it was judged, ran out or was abandoned', () => {
    expect((['open', 'settled', 'judged', 'expired', 'cancelled'] as const).map(isGuidedOver)).toEqual([false, false, true, true, true]);
  });
});

describe('an answer laid into the page', () => {
  const answer = (over: Partial<AnswerView> = {}): AnswerView => ({
    question: 'charging',
    answer: 'yes',
    by: { kind: 'person', id: 'p', name: 'Tess' },
    at: DONE,
    until: '2026-11-24T09:16:00.000Z',
    fresh: true,
    ...over,
  });

  it('takes the place of an older one to the same question only', () => {
    const one = withAnswer(detail({ answers: [answer({ question: 'alert', answer: 'none' })] }), answer());
    expect(one.answers.map((a) => `${a.question} ${a.answer}`)).toEqual(['charging yes', 'alert none']);
    const changed = withAnswer(one, answer({ answer: 'no', at: '2026-11-24T09:02:00.000Z' }));
    expect(changed.answers.map((a) => `${a.question} ${a.answer}`)).toEqual(['charging no', 'alert none']);
    expect(withAnswer(changed, answer()).answers[0]?.answer).toBe('no');
  });
});
