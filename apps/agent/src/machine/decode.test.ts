import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeOutput, linesOf, propertiesOf } from './decode.js';

const TEXT = 'Zustand: läuft\nGerät „iPhone von Zoë“ 📱\n';

describe('what a tool wrote', () => {
  const bytes16 = (text: string, big: boolean) => {
    const b = Buffer.from(text, 'utf16le');
    return big ? b.swap16() : b;
  };

  it.each([
    ['UTF-8', Buffer.from(TEXT)],
    ['UTF-8 with a mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(TEXT)])],
    ['UTF-16LE with a mark', Buffer.concat([Buffer.from([0xff, 0xfe]), bytes16(TEXT, false)])],
    ['UTF-16BE with a mark', Buffer.concat([Buffer.from([0xfe, 0xff]), bytes16(TEXT, true)])],
    ['UTF-16LE without one', bytes16(TEXT, false)],
    ['UTF-16BE without one', bytes16(TEXT, true)],
    ['CRLF', Buffer.from(TEXT.replace(/\n/g, '\r\n'))],
    ['lone CR', Buffer.from(TEXT.replace(/\n/g, '\r'))],
  ])('in %s is the same text', (_name, bytes) => {
    expect(decodeOutput(bytes)).toBe(TEXT);
  });

  it('that is cut or broken loses no more than the broken part', () => {
    expect(decodeOutput(Buffer.from([0x61, 0xff, 0x62]))).toBe('a\ufffdb');
    expect(decodeOutput(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('abc', 'utf16le'), Buffer.from([0x41])]))).toBe('abc');
    expect(decodeOutput(Buffer.alloc(0))).toBe('');
  });

  it('is text whatever the bytes are', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typeof decodeOutput(bytes) === 'string'));
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => !decodeOutput(Buffer.from(text)).includes('\r')));
  });
});

describe('lines', () => {
  it('tell which one may have been cut', () => {
    expect(linesOf('a\r\nb\nc')).toEqual([
      { line: 'a', whole: true },
      { line: 'b', whole: true },
      { line: 'c', whole: false },
    ]);
    expect(linesOf('')).toEqual([]);
  });

  it('of properties: what is none is passed over, the first word counts', () => {
    expect([...propertiesOf('A=1\nnoise\n=2\nB = x = y\nA=3\n9=4\n')]).toEqual([
      ['A', '1'],
      ['B', 'x = y'],
    ]);
  });
});
