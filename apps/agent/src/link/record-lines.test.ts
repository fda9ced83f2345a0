import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeRecords, encodeRecord } from './record-lines.js';

const three = [encodeRecord({ n: 1 }), encodeRecord({ n: 2, name: 'Zoë’s\niPhone' }), encodeRecord({ n: 3 })];

describe('record lines', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        const decoded = decodeRecords(Buffer.concat(values.map(encodeRecord)));
        expect(JSON.stringify(decoded.records)).toBe(JSON.stringify(values));
        expect(decoded).toMatchObject({ torn: false, damaged: 0 });
      }),
    );
  });

  it('SEQ-12 torn at every byte of the last record, lose that record only', () => {
    const whole = Buffer.concat(three);
    const kept = three[0]!.length + three[1]!.length;
    for (let length = kept; length < whole.length; length++) {
      const decoded = decodeRecords(whole.subarray(0, length));
      expect(decoded.records).toEqual([{ n: 1 }, { n: 2, name: 'Zoë’s\niPhone' }]);
      expect(decoded.goodLength).toBe(kept);
      expect(decoded.torn).toBe(length > kept);
      expect(decoded.damaged).toBe(0);
    }
  });

  it('SEQ-12 with any one byte of the middle record changed, lose that record and say so', () => {
    const start = three[0]!.length;
    for (let i = 0; i < three[1]!.length; i++) {
      const bytes = Buffer.concat(three);
      bytes[start + i]! ^= 0x5a;
      const decoded = decodeRecords(bytes);
      expect(decoded.damaged).toBeGreaterThan(0);
      expect(decoded.records[0]).toEqual({ n: 1 });
      // A newline that was changed takes the next record along.
      expect(decoded.records.length).toBeLessThanOrEqual(2);
    }
  });

  it('are never read from garbage', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => decodeRecords(Buffer.from(bytes)).records.length === 0));
  });
});
