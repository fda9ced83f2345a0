import { describe, expect, it } from '@jest/globals';
import { counted } from './matrix.mjs';

describe('what the rules said, counted', () => {
  const c = counted([
    { expect: 'C44', accept: [], said: 'C44' },
    { expect: 'C44', accept: [], said: 'C40' },
    { expect: 'C41', accept: ['C48'], said: 'C48' },
    { expect: 'C10', accept: [], said: 'cannot-tell' },
    { expect: 'cannot-tell', accept: [], said: 'healthy' },
    { expect: 'healthy', accept: [], said: 'healthy' },
  ]);
  it('takes precision over what was claimed and recall over what was labelled', () => {
    expect(c).toMatchObject({ cases: 6, spoke: 3, precision: 2 / 3, abstainRate: 1 / 6, healthyOnUnknown: 1 });
    expect(new Map(c.causes).get('C44')).toEqual({ claimed: 1, rightly: 1, labelled: 2, found: 1 });
    expect(new Map(c.causes).get('C40')).toEqual({ claimed: 1, rightly: 0, labelled: 0, found: 0 });
  });
  it('lists the confusions', () => {
    expect(new Map(c.confusions)).toEqual(
      new Map([
        ['C44 → C40', 1],
        ['C10 → cannot-tell', 1],
        ['cannot-tell → healthy', 1],
      ]),
    );
  });
  it('has nothing to say of nothing', () => {
    expect(counted([])).toMatchObject({ cases: 0, precision: 1, abstainRate: 0 });
  });
});
