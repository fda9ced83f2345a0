import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { absolute, agoWords, forWords, lengthWords, stopwatch } from './lengths.js';

const MIN = 60_000;
const H = 60 * MIN;

describe('lengths of time', () => {
  it.each([
    [-5000, '0 s'],
    [0, '0 s'],
    [12_345, '12 s'],
    [89_999, '89 s'],
    [90_000, '1 min'],
    [14 * MIN, '14 min'],
    [59 * MIN + 59_999, '59 min'],
    [H, '1 h'],
    [2 * H + 10 * MIN, '2 h 10 min'],
    [11 * H + 30 * MIN, '11 h'],
    [47 * H, '47 h'],
    [48 * H, '2 days'],
    [30 * 24 * H, '30 days'],
  ])('tells %d ms as %s', (ms, words) => expect(lengthWords(ms)).toBe(words));

  it('reads as an age and inside a sentence', () => {
    expect(agoWords(12_000)).toBe('12 s ago');
    expect(forWords(14 * MIN)).toBe('for 14 min');
  });

  it('never shows an older length as a smaller one', () => {
    const unit: Record<string, number> = { s: 1000, min: MIN, h: H, days: 24 * H };
    const back = (words: string) =>
      [...words.matchAll(/(\d+) (s|min|h|days)/g)].reduce((sum, m) => sum + Number(m[1]) * (unit[m[2] ?? ''] ?? Number.NaN), 0);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * 24 * H }), fc.integer({ min: 0, max: 48 * H }), (a, more) => {
        expect(back(lengthWords(a))).toBeLessThanOrEqual(a);
        expect(back(lengthWords(a + more))).toBeGreaterThanOrEqual(back(lengthWords(a)));
      }),
    );
  });

  it.each([
    [-1, '0:00'],
    [42_000, '0:42'],
    [125_000, '2:05'],
    [3_725_000, '1:02:05'],
  ])('runs a stopwatch: %d ms is %s', (ms, words) => expect(stopwatch(ms)).toBe(words));

  it('shows a time that is none as it came', () => expect(absolute('soon')).toBe('soon'));
});
