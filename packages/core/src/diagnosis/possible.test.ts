import { describe, expect, it } from '@jest/globals';
import { diagnose } from './diagnose.js';
import { QUESTION_ENGLISH } from './english/index.js';
import { isRuledOut, nextQuestion, possibleAmong, type Ranked } from './possible.js';
import { type Answers, QUESTION_IDS, QUESTIONS } from './questions.js';
import { RULES } from './rules/index.js';
import type { DiagnosisInput } from './shapes.js';

const NOW = 1_800_000_000_000;
const MIN = 60_000;
const finding = (cause: Ranked['cause'], confidence: number, over: Partial<Ranked> = {}): Ranked => ({
  cause,
  scope: 'pair',
  confidence,
  state: 'open',
  health: 'broken',
  explainedBy: null,
  ...over,
});
const said = (words: Record<string, string>, at = NOW): Answers =>
  Object.fromEntries(Object.entries(words).map(([q, answer]) => [q, { answer, at }])) as Answers;
const ask = (over: Partial<Parameters<typeof nextQuestion>[0]> = {}) =>
  nextQuestion({ presence: 'away', primary: null, possible: [], answers: {}, now: NOW, ...over });

describe('what else it could be', () => {
  it('is ranked by how likely it is, without remarks, consequences and what is only beginning', () => {
    const all = [
      finding('C10', 0.5),
      finding('C19', 0.6),
      finding('C60', 0.9, { health: 'advisory' }),
      finding('C12', 0.7, { explainedBy: 'C18' }),
      finding('C18', 0.9, { state: 'pending' }),
    ];
    expect(possibleAmong(all).map((p) => `${p.cause} ${p.settledBy}`)).toEqual(['C19 unlock-effect', 'C10 cable-swap']);
  });

  it('leaves out what an answer rules out, or nothing lets hold any more', () => {
    const input = (answers: Answers): DiagnosisInput => ({
      now: NOW,
      hostHeard: true,
      host: {},
      device: { 'usb-device': { kind: 'usb-device', at: NOW, seenAt: NOW, probe: 'test', state: 'absent' } },
      known: [],
      presence: 'away',
      health: 'unknown',
      answers,
    });
    expect(isRuledOut({ cause: 'C19', scope: 'pair' }, input(said({ charging: 'yes' })))).toBe(false);
    expect(isRuledOut({ cause: 'C19', scope: 'pair' }, input(said({ charging: 'yes', 'unlock-effect': 'nothing' })))).toBe(true);
    expect(isRuledOut({ cause: 'C10', scope: 'pair' }, input(said({ charging: 'no' })))).toBe(true);
    expect(isRuledOut({ cause: 'C10', scope: 'pair' }, input({}))).toBe(true);
  });
});

describe('the next question', () => {
  it('goes from the cheapest to the dearest about a phone that no computer sees', () => {
    const asked: string[] = [];
    const answers: Record<string, string> = {};
    for (let q = ask(); q !== null; q = ask({ answers: said(answers) })) {
      asked.push(q);
      answers[q] = q === 'spare' ? 'cable' : QUESTIONS[q].answers[0];
    }
    expect(asked).toEqual(['charging', 'unlock-effect', 'alert', 'screen', 'computer-dialog', 'spare', 'cable-swap']);
  });

  it('settles the likeliest cause first, and makes a named one sure', () => {
    const possible = possibleAmong([finding('C19', 0.6), finding('C10', 0.5)]);
    expect(ask({ possible })).toBe('unlock-effect');
    expect(ask({ possible, answers: said({ 'unlock-effect': 'nothing' }) })).toBe('cable-swap');
    const primary = { cause: 'C10', scope: 'pair', confidence: 0.8 } as const;
    expect(ask({ presence: 'attached', primary })).toBe('cable-swap');
    expect(ask({ presence: 'attached', primary: { ...primary, confidence: 0.95 } })).toBeNull();
  });

  it('is not asked again while the answer is believed, and not where nothing is to be asked', () => {
    expect(ask({ answers: said({ charging: 'yes' }, NOW - 14 * MIN) })).toBe('unlock-effect');
    expect(ask({ answers: said({ charging: 'yes' }, NOW - 15 * MIN) })).toBe('charging');
    expect(ask({ presence: 'attached' })).toBeNull();
  });
});

describe('an answer', () => {
  it('says when it stops counting, whether the computer is heard or not', () => {
    const at = NOW - 5 * MIN;
    for (const hostHeard of [true, false]) {
      const { recheckAt } = diagnose({
        now: NOW,
        hostHeard,
        host: {},
        device: {},
        known: [],
        presence: 'away',
        health: 'unknown',
        answers: said({ charging: 'yes' }, at),
      });
      expect(recheckAt).toBe(at + QUESTIONS.charging.freshMs);
    }
  });
});

describe('the words of questions', () => {
  it('are there for every question and each of its answers, short, and end as a question', () => {
    for (const id of QUESTION_IDS) {
      const words = QUESTION_ENGLISH[id];
      expect([id, Object.keys(words.answers).sort()]).toEqual([id, [...QUESTIONS[id].answers].sort()]);
      expect([id, words.ask]).toEqual([id, expect.stringMatching(/^[A-Z].{10,110}[?.]$/)]);
      expect([id, new Set(Object.values(words.answers)).size]).toEqual([id, QUESTIONS[id].answers.length]);
    }
  });

  it('are there for whatever a rule says would settle it', () => {
    const asked = RULES.flatMap((r) => (r.settledBy !== null && r.settledBy in QUESTIONS ? [r.settledBy] : []));
    expect(asked.length).toBeGreaterThan(15);
  });
});
