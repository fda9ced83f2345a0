import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normaliseUdid } from './identities.js';
import { isStorableText, printable, text } from './text.js';

describe('text', () => {
  it.each(['\u0000', 'a\ud800', '\udc00b', '\ud800\ud800'])('refuses what PostgreSQL cannot store: %j', (s) => {
    expect(isStorableText(s)).toBe(false);
    expect(text(10).safeParse(s).success).toBe(false);
  });
  it('takes emoji, CJK and right-to-left names as they are', () => {
    for (const s of ['Jun’s 📱', '이름', 'هاتف', 'Eden iPhone ']) expect(isStorableText(s)).toBe(true);
  });
  it('prints no control, no escape and no direction mark', () => {
    expect(printable('a\u001b[31mb\u202ec\u0000')).toBe('a\ufffd[31mb\ufffdc\ufffd');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (s) => !/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(printable(s))),
    );
  });
});

describe('normaliseUdid', () => {
  it.each([
    ['00008110-0011223344556677', '00008110-0011223344556677'],
    ['000081100011223344556677', '00008110-0011223344556677'],
    ['00008110-00aabbccddeeff00', '00008110-00AABBCCDDEEFF00'],
    ['A'.repeat(40), 'a'.repeat(40)],
    ['00008110001122334455667', null],
    ['', null],
    ['CPID:8110 ECID:0011223344556677', null],
  ])('%s', (raw, out) => {
    expect(normaliseUdid(raw)).toBe(out);
  });
});
