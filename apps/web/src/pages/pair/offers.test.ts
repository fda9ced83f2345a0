import { describe, expect, it } from '@jest/globals';
import { FIX_IDS } from '@lockstep/core/fixes';
import { isGuided, isOrdered, offersOf, targetOf } from './offers.js';

describe('the fixes a pair is offered', () => {
  it('begins with the one for the primary cause', () => {
    const orders = (...args: Parameters<typeof offersOf>) => offersOf(...args).filter((o) => isOrdered(o.fix, 'linux'));
    expect(orders(['C44'], 'C44')).toEqual([
      { fix: 'F12', cause: 'C44' },
      { fix: 'F11', cause: null },
      { fix: 'F08', cause: null },
    ]);
    expect(orders(['C30', 'C40'], 'C30').map((o) => o.fix)).toEqual(['F08', 'F11', 'F12']);
  });
  it('tells orders from what people do, and offers no order that the agent cannot carry out there', () => {
    expect([isOrdered('F12', 'linux'), isOrdered('F12', 'macos'), isOrdered('F01', 'linux')]).toEqual([true, false, false]);
    expect([isGuided('F01', 'windows'), isGuided('F41', 'macos'), isGuided('F41', 'linux'), isGuided('F12', 'linux')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
  it('always shows the whole catalogue, so that nobody looks for a button that is hidden', () => {
    expect(
      offersOf([], null)
        .map((o) => o.fix)
        .sort(),
    ).toEqual([...FIX_IDS].sort());
  });
  it('leaves out what is no cause', () => {
    const target = targetOf({
      os: 'linux',
      connected: true,
      privileged: true,
      presence: 'attached',
      health: 'broken',
      openCauses: ['C44', 'nonsense'],
      activeRun: null,
      lastRuns: [],
      revoked: false,
    });
    expect(target.openCauses).toEqual(['C44']);
  });
});
