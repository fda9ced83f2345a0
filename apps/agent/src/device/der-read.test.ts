import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { context, DER_TAG, integer, octetString, oid, sequence, set } from './der.js';
import { DerReader } from './der-read.js';
import { DeviceError } from './errors.js';

const bytes = (hex: string) => Buffer.from(hex.replace(/ /g, ''), 'hex');

describe('DER', () => {
  it('is read as it was built', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000, size: 'max' }), fc.nat(0x7fffffff), (data, number) => {
        const reader = new DerReader(sequence(integer(number), octetString(data), context(0, oid('1.2.840.113549.1.7.2'))));
        const inner = reader.into(DER_TAG.sequence);
        expect(BigInt(`0x${inner.next(DER_TAG.integer).content.toString('hex')}`)).toBe(BigInt(number));
        expect(inner.next(DER_TAG.octetString).content.equals(data)).toBe(true);
        expect(inner.into(0xa0).next(DER_TAG.oid).whole).toEqual(oid('1.2.840.113549.1.7.2'));
        inner.end();
        reader.end();
      }),
      { numRuns: 50 },
    );
  });

  it('orders the parts of a set by their bytes', () => {
    expect(set(integer(2), octetString(bytes('00')), integer(1))).toEqual(bytes('31 09 020101 020102 040100'));
  });

  it.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['a length beyond the end', '30 05 0201'],
    ['the indefinite form', '30 80 0000'],
    ['a length in more digits than it needs', '04 8101 00'],
    ['a length with a leading zero', '04 820081'],
    ['a length of five digits', '04 850000000001 00'],
    ['a tag of several bytes', '1f 01 00'],
  ])('refuses %s', (_, hex) => {
    expect(() => new DerReader(bytes(hex)).next()).toThrow(DeviceError);
  });

  it('refuses another tag than was asked for, and what is left over', () => {
    expect(() => new DerReader(bytes('020101')).next(DER_TAG.sequence)).toThrow(DeviceError);
    expect(() => new DerReader(bytes('020101')).end()).toThrow(DeviceError);
  });
});
