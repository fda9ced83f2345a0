import { describe, expect, it } from '@jest/globals';
import { RulesOverlay } from '@lockstep/core/replay';
import { type Change, changeOf, changeWords, shippedValue, withChange } from './changes.js';

describe('changes of rules', () => {
  const rows: [cause: string, change: Change, value: string, made: unknown][] = [
    ['C44', 'off', '', { cause: 'C44', off: true }],
    ['C44', 'patience', '12.5', { cause: 'C44', patienceMs: 12_500 }],
    ['C44', 'patience', '', null],
    ['C44', 'patience', '-1', null],
    ['C44', 'confidence', '0.5', { cause: 'C44', confidence: 0.5 }],
    ['C44', 'confidence', '5', null],
    ['C44', 'confidence', 'much', null],
    ['C44', 'health', 'degraded', { cause: 'C44', health: 'degraded' }],
    ['C44', 'health', 'healthy', null],
    ['C44', 'fixes', 'F13 F12, F10', { cause: 'C44', fixes: ['F13', 'F12', 'F10'] }],
    ['C44', 'fixes', 'F13', null],
    ['C44', 'fixes', 'F13 F13 F10', null],
  ];
  it.each(rows)('%s %s "%s"', (cause, change, value, made) => {
    const is = changeOf(cause, change, value);
    expect(is).toEqual(made);
    // Whatever the form lets through the server takes.
    if (is) expect(RulesOverlay.safeParse({ rules: [is] }).success).toBe(true);
  });

  it('of one rule are one; off leaves nothing else', () => {
    const two = withChange(
      [
        { cause: 'C40', off: true },
        { cause: 'C44', confidence: 0.5 },
      ],
      { cause: 'C44', patienceMs: 1_000 },
    );
    expect(two).toEqual([
      { cause: 'C40', off: true },
      { cause: 'C44', confidence: 0.5, patienceMs: 1_000 },
    ]);
    expect(withChange(two, { cause: 'C44', off: true })).toEqual([
      { cause: 'C40', off: true },
      { cause: 'C44', off: true },
    ]);
    expect(withChange([{ cause: 'C40', off: true }], { cause: 'C40', confidence: 1 })).toEqual([{ cause: 'C40', confidence: 1 }]);
    expect(changeWords({ cause: 'C44', confidence: 0.5, patienceMs: 1_000 })).toBe('waits 1 s, is 0.5 sure');
  });

  it('begin at what is shipped', () => {
    expect(shippedValue('C44', 'fixes')).toBe('F10, F12, F13');
    expect(shippedValue('C30', 'patience')).toBe('10');
    expect(shippedValue('C44', 'health')).toBe('broken');
    expect(shippedValue('C00', 'health')).toBe('');
  });
});
