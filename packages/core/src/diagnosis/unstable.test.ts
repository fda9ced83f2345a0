import { describe, expect, it } from '@jest/globals';
import { NOW, pair } from '../../test/pair-at-hand.js';
import { diagnose } from './diagnose.js';
import { nextQuestion } from './possible.js';
import { isOwnDoing, isUnstable, OWN_FIX_MS, OWN_TAP_MS, QUIET_MS } from './unstable.js';
import { pairSentence } from './words.js';

const MIN = 60_000;
const ago = (...minutes: number[]) => minutes.map((m) => NOW - m * MIN);

describe('what comes and goes', () => {
  it.each([
    ['never closed before', [], null, null, false],
    ['the third closing within an hour', ago(10, 20), null, null, false],
    ['the fourth', ago(10, 20, 30), null, null, true],
    ['the fourth, but the first is an hour old', ago(10, 20, 60), null, null, false],
    ['the first is a moment short of an hour old', [...ago(10, 20), NOW - 60 * MIN + 1], null, null, true],
    ['closings of a clock that was ahead', ago(-1, -2, -3), null, null, false],
    ['frozen, and it holds', [], NOW - 90 * MIN, null, true],
    ['frozen, and gone for a moment', [], NOW - 90 * MIN, NOW - QUIET_MS + 1, true],
    ['frozen, and gone for long enough', [], NOW - 90 * MIN, NOW - QUIET_MS, false],
    ['gone for long enough, whatever there was before', ago(31, 32, 33, 34), NOW - 40 * MIN, NOW - QUIET_MS, false],
  ] as const)('%s', (_, closedAt, unstableAt, quietAt, expected) => {
    expect(isUnstable({ closedAt, unstableAt, quietAt }, NOW)).toBe(expected);
  });

  it.each([
    ['nothing was done', [], null, null, false],
    ['the multiplexer was restarted', [{ fix: 'F08', at: NOW - OWN_FIX_MS + 1 }], null, null, true],
    ['long ago', [{ fix: 'F08', at: NOW - OWN_FIX_MS }], null, null, false],
    ['another fix was judged, which drops nothing', [{ fix: 'F11', at: NOW - 1_000 }], null, null, false],
    ['an order came back just now', [], NOW, null, true],
    ['Trust was tapped', [], null, NOW - OWN_TAP_MS + 1, true],
    ['Trust was tapped a minute ago', [], null, NOW - OWN_TAP_MS, false],
  ] as const)('by our own doing: %s', (_, tried, settledAt, tappedAt, expected) => {
    expect(isOwnDoing({ tried, settledAt, tappedAt }, NOW)).toBe(expected);
  });
});

describe('a finding that comes and goes', () => {
  const known = (unstable: boolean) => ({ known: [{ cause: 'C44', scope: 'pair', state: 'open', since: NOW - 9_000, unstable }] }) as const;

  it('is not closed by proof, and the pair is not healthy meanwhile', () => {
    expect(diagnose(pair({}, known(false)))).toMatchObject({ health: 'healthy', closed: ['C44'], quiet: [], findings: [] });
    expect(diagnose(pair({}, known(true)))).toMatchObject({
      health: 'unknown',
      primary: { cause: 'C44' },
      closed: [],
      quiet: ['C44'],
      findings: [{ cause: 'C44', state: 'open', frozen: true }],
    });
  });

  it('says so in the sentence, whether it holds now or not', () => {
    const at = { deviceName: 'Phone', hostName: 'mac', presence: 'attached', hostHeard: true, primary: 'C11', unstable: true } as const;
    expect(pairSentence({ ...at, health: 'unknown' })).toMatch(/comes and goes, unknown \{since\}\. It is gone right now and not cured/);
    expect(pairSentence({ ...at, health: 'degraded' })).toMatch(/comes and goes, degraded \{since\}\./);
  });

  it('is asked about however sure it is: its own question, then whether the plug does it', () => {
    const ask = (unstable: boolean, answers = {}) =>
      nextQuestion({
        presence: 'attached',
        primary: { cause: 'C44', scope: 'pair', confidence: 0.95, unstable },
        possible: [],
        answers,
        now: NOW,
      });
    expect(ask(false)).toBeNull();
    const first = ask(true);
    expect(first).not.toBeNull();
    expect(ask(true, { wiggle: { answer: 'no', at: NOW }, 'recent-reset': { answer: 'no', at: NOW } })).not.toBe(first);
  });
});
