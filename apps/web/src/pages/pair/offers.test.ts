import { describe, expect, it } from '@jest/globals';
import { FIX_IDS, FIXES } from '@lockstep/core/fixes';
import { isGuided, isOrdered, offersOf, targetOf } from './offers.js';

describe('the fixes a pair is offered', () => {
  it('begins with the one for the primary cause', () => {
    const orders = (...args: Parameters<typeof offersOf>) => offersOf(...args).filter((o) => isOrdered(o.fix, 'linux'));
    const offered = orders(['C44'], 'C44');
    expect(offered.filter((o) => o.cause !== null)).toEqual([{ fix: 'F12', cause: 'C44' }]);
    expect(offered[0]?.fix).toBe('F12');
    // Of those that treat nothing here the harmless ones stand first.
    const harm = offered.slice(1).map((o) => ['safe', 'disruptive', 'destructive'].indexOf(FIXES[o.fix].risk));
    expect([harm.length > 1, harm]).toEqual([true, [...harm].sort((a, b) => a - b)]);
    const both = orders(['C30', 'C40'], 'C30');
    expect(both.filter((o) => o.cause !== null).map((o) => o.fix)).toEqual(['F08', 'F11']);
    expect(both.slice(0, 2).map((o) => o.fix)).toEqual(['F08', 'F11']);
  });
  it('tells orders from what people do, and offers no order that the agent cannot carry out there', () => {
    expect([isOrdered('F12', 'linux'), isOrdered('F45', 'windows'), isOrdered('F01', 'linux')]).toEqual([true, false, false]);
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
