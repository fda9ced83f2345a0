import { describe, expect, it } from '@jest/globals';
import { FIX_IDS } from '@lockstep/core/fixes';
import { offersOf, targetOf } from './offers.js';

describe('the fixes a pair is offered', () => {
  it('begins with the one for the primary cause', () => {
    expect(offersOf(['C44'], 'C44')).toEqual([
      { fix: 'F12', cause: 'C44' },
      { fix: 'F11', cause: null },
      { fix: 'F08', cause: null },
    ]);
    expect(offersOf(['C30', 'C40'], 'C30').map((o) => o.fix)).toEqual(['F08', 'F11', 'F12']);
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
