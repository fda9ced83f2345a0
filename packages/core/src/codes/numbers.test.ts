import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { distanceTo, fromDecimal, fromHex, hexOf, isWide, numberText, rangeText, toSigned, toUnsigned } from './numbers.js';

const wide = fc.integer({ min: 0x8000_0000, max: 0xffff_ffff });

describe('numbers of 32 bits', () => {
  it('are the same in hex and with a sign', () => {
    expect(toSigned(0xe800001c)).toBe(-402653156);
    expect(hexOf(-402653156)).toBe('0xE800001C');
    expect(hexOf(0x2b)).toBe('0x0000002B');
    // winget's list prints both forms: 0x8A150001 is -1978335231.
    expect(toSigned(0x8a150001)).toBe(-1978335231);
    fc.assert(
      fc.property(wide, (n) => {
        expect(toUnsigned(toSigned(n))).toBe(n);
        expect(fromHex(hexOf(n).slice(2))).toBe(n);
        expect(fromDecimal(toSigned(n) < -0xffff ? toSigned(n) : n)).toBe(n);
        expect(fromDecimal(n)).toBe(n);
        expect(isWide(n)).toBe(true);
      }),
    );
  });
  it('of the MobileDevice framework are counted from -402653184', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), (low) => {
        expect(toSigned(0xe8000000 + low)).toBe(-402653184 + low);
        expect(fromDecimal(-402653184 + low)).toBe(0xe8000000 + low);
      }),
    );
  });
  it.each([
    ['E800000A', 0xe800000a],
    ['E80000A', 0xe800000a],
    ['E800065', 0xe8000065],
    ['e80001c', 0xe800001c],
    ['E8001C', 0xe800001c],
    ['E81C', 0xe800001c],
    ['E8000022', 0xe8000022],
    ['FFFFFFFFE800001C', 0xe800001c],
    ['2B', 0x2b],
    ['8A15002B', 0x8a15002b],
    ['E80000001C', null],
    ['FFFFFFFFE80000A', null],
    ['', null],
    ['XYZ', null],
  ])('%s is read with its dropped zeros', (digits, n) => {
    expect(fromHex(digits)).toBe(n);
  });
  it('whose zeros were dropped anywhere after E8 come back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffff }), fc.integer({ min: 0, max: 5 }), (low, dropped) => {
        const six = low.toString(16).padStart(6, '0');
        const zeros = /^0*/.exec(six)?.[0].length ?? 0;
        expect(fromHex(`e8${six.slice(Math.min(zeros, dropped))}`)).toBe(0xe8000000 + low);
      }),
    );
  });
  it('keep small numbers and their sign', () => {
    fc.assert(fc.property(fc.integer({ min: -0xffff, max: 0x7fff_ffff }), (n) => fromDecimal(n) === n));
    for (const n of [2 ** 32, -(2 ** 31) - 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) expect(fromDecimal(n)).toBeNull();
  });
  it('are shown as they are searched for', () => {
    expect([numberText(-21), numberText(4013), numberText(0xe800001c)]).toEqual(['-21', '4013', '0xE800001C']);
    expect([rangeText(9), rangeText([2001, 2009])]).toEqual(['9', '2001 to 2009']);
  });
  it('lie in a run or beside it', () => {
    expect([distanceTo(2001, [2001, 2009]), distanceTo(2010, [2001, 2009]), distanceTo(1999, [2001, 2009]), distanceTo(9, 14)]).toEqual([
      0, 1, 2, 5,
    ]);
  });
});
