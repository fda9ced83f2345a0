import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { header, name, phoneAnswer, u16 } from '../../../test/phone-answer.js';
import { decodeAnswer, encodeQuery, TYPE } from './dns-message.js';

describe('a message of DNS', () => {
  it('asks for each name, and for an answer to this port', () => {
    const q = Buffer.from(encodeQuery([{ name: '_x._tcp.local', type: TYPE.PTR }]));
    expect(q.subarray(0, 12)).toEqual(u16(0, 0, 1, 0, 0, 0));
    expect(q.subarray(12)).toEqual(Buffer.concat([name('_x._tcp.local'), u16(TYPE.PTR, 0x8001)]));
    expect(() => encodeQuery([{ name: 'a..b', type: 12 }])).toThrow(RangeError);
  });

  it('is read with its pointers', () => {
    expect(decodeAnswer(phoneAnswer('aa:bb:cc:dd:ee:ff@fe80::1', ['identifier=x', 'authTag=y']))).toEqual([
      { name: '_apple-mobdev2._tcp.local', type: TYPE.PTR, data: { name: 'aa:bb:cc:dd:ee:ff@fe80::1._apple-mobdev2._tcp.local' } },
      { name: 'aa:bb:cc:dd:ee:ff@fe80::1._apple-mobdev2._tcp.local', type: TYPE.SRV, data: { target: 'iphone.local', port: 62_078 } },
      { name: 'aa:bb:cc:dd:ee:ff@fe80::1._apple-mobdev2._tcp.local', type: TYPE.TXT, data: { entries: ['identifier=x', 'authTag=y'] } },
      { name: 'iphone.local', type: TYPE.A, data: { address: '192.168.1.20' } },
    ]);
  });

  it('that is a question, is cut, or points round in a circle is none', () => {
    const whole = phoneAnswer('x@y');
    expect(decodeAnswer(encodeQuery([{ name: 'a.local', type: 12 }]))).toBeNull();
    for (let n = 0; n < whole.length; n++) expect(decodeAnswer(whole.subarray(0, n))).toBeNull();
    const loop = Buffer.concat([header(0, 1), Buffer.from([0xc0, 12]), u16(TYPE.PTR, 1, 0, 120, 0)]);
    expect(decodeAnswer(loop)).toBeNull();
    const many = Buffer.concat([u16(0, 0x8400, 0, 65_535, 65_535, 65_535), Buffer.alloc(100)]);
    expect(decodeAnswer(many)).toBeNull();
  });

  it('of any bytes is read or refused, quickly', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const records = decodeAnswer(bytes);
        expect(records === null || records.length <= 512).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    const whole = phoneAnswer('aa:bb:cc:dd:ee:ff@fe80::1', ['identifier=x']);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        decodeAnswer(bytes);
      }),
      { numRuns: 3_000 },
    );
  });
});
