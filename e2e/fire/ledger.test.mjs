import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Dice } from './dice.mjs';
import { Ledger, SLOTS, udidOf } from './ledger.mjs';

/** Rows as they are when every message up to `seq` was stored. @param {number} seq */
function stored(seq) {
  const rows = new Map(seq > 0 ? [['', seq]] : []);
  for (let n = Math.max(1, seq - SLOTS + 1); n <= seq; n++) rows.set(udidOf(n % SLOTS), n);
  return rows;
}

describe('the ledger of what was acknowledged', () => {
  it('finds nothing missing where everything is stored, and counts each message once', () => {
    const ledger = new Ledger('h');
    expect(ledger.look(0, 5, stored(0))).toEqual([]);
    expect(ledger.look(12, 20, stored(12))).toEqual([]);
    expect(ledger.look(12, 20, stored(12))).toEqual([]);
    expect(ledger.look(40, 40, stored(40))).toEqual([]);
    expect(ledger.count).toBe(40);
  });

  it('tells rows that are ahead of the acknowledgement from rows that are behind', () => {
    const ledger = new Ledger('h');
    expect(ledger.look(10, 15, stored(15))).toEqual([]);
    expect(ledger.look(16, 16, stored(15))).toHaveLength(2);
  });

  it('finds the one message that is missing, whichever it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: SLOTS }), fc.integer({ min: 1, max: SLOTS }), (acked, lost) => {
        fc.pre(lost <= acked);
        const rows = stored(acked);
        rows.delete(udidOf(lost % SLOTS));
        expect(new Ledger('h').look(acked, acked, rows)).toEqual([`h: message ${lost} was acknowledged, its row tells 0`]);
      }),
    );
  });

  it('finds a message whose row was set back to an earlier one, and one that nobody said', () => {
    const ledger = new Ledger('h');
    ledger.look(SLOTS, SLOTS, stored(SLOTS));
    const rows = stored(SLOTS + 3).set(udidOf(2), 2);
    expect(ledger.look(SLOTS + 3, SLOTS + 3, rows)).toEqual([`h: message ${SLOTS + 2} was acknowledged, its row tells 2`]);
    expect(new Ledger('h').look(3, 3, stored(3).set(udidOf(9), 9))).toEqual([`h: ${udidOf(9)} tells 9, said was 3`]);
  });

  it('lets nothing be overwritten that was not looked up', () => {
    const ledger = new Ledger('h');
    expect([SLOTS, SLOTS + 1].map((seq) => ledger.mayOverwrite(seq))).toEqual([true, false]);
    ledger.look(1, SLOTS, stored(SLOTS));
    expect([SLOTS + 1, SLOTS + 2].map((seq) => ledger.mayOverwrite(seq))).toEqual([true, false]);
  });
});

describe('the dice', () => {
  it('fall the same way for the same seed, within bounds', () => {
    const throwAll = (/** @type {number} */ seed) =>
      Array.from(
        { length: 50 },
        (
          (dice) => () =>
            dice.between(3, 9)
        )(new Dice(seed)),
      );
    expect(throwAll(7)).toEqual(throwAll(7));
    expect(throwAll(7)).not.toEqual(throwAll(8));
    expect(new Set(throwAll(7))).toEqual(new Set([3, 4, 5, 6, 7, 8, 9]));
  });
});
