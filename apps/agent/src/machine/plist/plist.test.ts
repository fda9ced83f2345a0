import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parsePlist, parsePlistDict } from './plist.js';
import type { PlistFault, PlistLimits, PlistValue } from './plist-value.js';
import { PlistError } from './plist-value.js';
import { isXmlText, writeBinaryPlist, writePlist } from './plist-write.js';

const DOCTYPE = '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">';
const xml = (body: string, before = '') =>
  Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${before}<plist version="1.0">${body}</plist>`, 'utf8');

function fault(bytes: Uint8Array, limits?: Partial<PlistLimits>): PlistFault | 'read' {
  try {
    parsePlist(bytes, limits);
    return 'read';
  } catch (error) {
    if (error instanceof PlistError) return error.fault;
    throw error;
  }
}

/** A binary list of hand-made objects, so that it may lie. */
function binary(objects: Buffer[], change: (trailer: Buffer) => unknown = () => {}): Buffer {
  const offsets: number[] = [];
  let at = 8;
  for (const object of objects) {
    offsets.push(at);
    at += object.length;
  }
  const table = Buffer.alloc(objects.length * 4);
  for (const [i, offset] of offsets.entries()) table.writeUInt32BE(offset, i * 4);
  const trailer = Buffer.alloc(32);
  trailer[6] = 4;
  trailer[7] = 2;
  trailer.writeBigUInt64BE(BigInt(objects.length), 8);
  trailer.writeBigUInt64BE(BigInt(at), 24);
  change(trailer);
  return Buffer.concat([Buffer.from('bplist00'), ...objects, table, trailer]);
}

const ref = (i: number) => Buffer.from([i >> 8, i & 0xff]);
const arrayOf = (...refs: number[]) => Buffer.concat([Buffer.from([0xa0 | refs.length]), ...refs.map(ref)]);
const hex = (digits: string) => Buffer.from(digits, 'hex');

/** Texts that XML can carry. */
const xmlText = fc.string({ unit: 'binary' }).filter(isXmlText);
const numbers = fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const large = fc.oneof(fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }));
const wholeSecond = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }).map((s) => new Date(s * 1000));
const data = fc.uint8Array({ maxLength: 200 }).map((b) => new Uint8Array(b));

function anyValue(text: fc.Arbitrary<string>): fc.Arbitrary<PlistValue> {
  const leaf = fc.oneof(text, numbers, large, fc.boolean(), wholeSecond, data);
  return fc.letrec<{ value: PlistValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(text, tie('value'), { maxKeys: 5 }),
    ),
  })).value;
}

describe('property lists round trip', () => {
  it('reads back what the XML writer wrote', () => {
    fc.assert(fc.property(anyValue(xmlText), (value) => expect(parsePlist(writePlist(value))).toEqual(value)));
  });

  it('reads back what the binary writer wrote, any UTF-16 text included', () => {
    const anyText = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units));
    fc.assert(fc.property(anyValue(anyText), (value) => expect(parsePlist(writeBinaryPlist(value))).toEqual(value)));
  });

  it('never throws anything but PlistError, whatever the bytes', () => {
    const starts = fc.constantFrom('', 'bplist00', '<?xml version="1.0"?>', '<plist>', '<plist><dict><key>');
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 300 }), (start, tail) => {
        expect(typeof fault(Buffer.concat([Buffer.from(start), tail]))).toBe('string');
      }),
    );
  });

  it('never throws anything but PlistError when bytes of a good list are changed', () => {
    const good = writeBinaryPlist({ a: [1, 'two', 2n ** 60n, new Date(0), new Uint8Array(20), true, { b: 1.5 }] });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const bad = Buffer.from(good);
          for (const [at, byte] of changes) bad[at] = byte;
          expect(typeof fault(bad)).toBe('string');
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('XML property lists', () => {
  it.each([
    ['<integer>18446744073709551615</integer>', 18446744073709551615n],
    ['<integer>9007199254740993</integer>', 9007199254740993n],
    ['<integer>-9223372036854775808</integer>', -9223372036854775808n],
    ['<integer> 42 </integer>', 42],
    ['<integer>0x10</integer>', 16],
    ['<real>1.5e3</real>', 1500],
    ['<date>2026-02-28T23:59:59Z</date>', new Date('2026-02-28T23:59:59Z')],
    ['<data>\n\tAQI=\n\t</data>', new Uint8Array([1, 2])],
    ['<string>a &lt;&#65;&#x42;&gt; &amp;<!-- c --><![CDATA[<&]]></string>', 'a <AB> &<&'],
    ['<true></true>', true],
    ['<string></string>', ''],
    ['<array><!-- c --><false/></array>', [false]],
  ])('reads %s', (body, value) => {
    expect(parsePlist(xml(body, DOCTYPE))).toEqual(value);
  });

  it.each([
    ['an internal subset', '<!DOCTYPE plist [<!ENTITY a "lol">]>', '<string>&a;</string>'],
    ['entities that multiply', `<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "${'&a;'.repeat(10)}">]>`, '<string>&b;</string>'],
    ['an external document type', '<!DOCTYPE plist SYSTEM "file:///etc/passwd">', '<true/>'],
    ['the Apple line with a subset', DOCTYPE.replace('>', ' [<!ENTITY a "b">]>'), '<true/>'],
  ])('refuses %s', (_, before, body) => {
    expect(fault(xml(body, before))).toBe('dtd');
  });

  it.each(['&a;', '&', '&toString;', '&valueOf;', '&#;', '&#x;', '&#1114112;', '&lt', '&lolololololololololol;'])(
    'refuses the entity %s',
    (entity) => {
      expect(fault(xml(`<string>${entity}</string>`))).toBe('entity');
    },
  );

  it.each(['18446744073709551616', '-9223372036854775809', '12abc', '', '1.5', '9'.repeat(50), '0x'])(
    'refuses the integer %s',
    (digits) => {
      expect(fault(xml(`<integer>${digits}</integer>`))).toBe('number');
    },
  );

  it.each(['1e400', 'nan', 'infinity', '0x1p3', ''])('refuses the real %s', (text) => {
    expect(fault(xml(`<real>${text}</real>`))).toBe('number');
  });

  it.each(['2026-02-31T00:00:00Z', 'yesterday', '2026-01-01', '2026-13-01T00:00:00Z'])('refuses the date %s', (text) => {
    expect(fault(xml(`<date>${text}</date>`))).toBe('number');
  });

  it.each([
    '<dict><key>a</key></dict>',
    '<dict><string>a</string></dict>',
    '<dict><key>a</key><key>b</key></dict>',
    '<array>text</array>',
    '<array><null/></array>',
    '<string>a',
    '<string><b/></string>',
    '<data>A</data>',
    '<data>!!!!</data>',
    '<true>x</true>',
    '<true/><true/>',
    '',
    '<array a="b"/>',
    '</array>',
    '</string/>',
  ])('refuses %s', (body) => {
    expect(fault(xml(body))).toBe('malformed');
  });

  it.each(['', 'hello', '<html></html>', '<?xml version="1.0" encoding="UTF-16"?><plist><true/></plist>', '{ a = b; }'])(
    'is not deceived by %j',
    (text) => {
      expect(fault(Buffer.from(text))).toBe('not-a-plist');
    },
  );

  it('makes spaces of control characters, raw or as references, as libimobiledevice does', () => {
    expect(parsePlist(xml('<string>a\u0000b\u0007c\td&#0;&#7;e</string>'))).toBe('a b c\td  e');
    expect(parsePlist(Buffer.concat([xml('<true/>'), Buffer.from([0, 0])]))).toBe(true);
  });

  it('replaces bytes that are no UTF-8, and references to half a surrogate pair', () => {
    expect(
      parsePlist(Buffer.concat([Buffer.from('<plist><string>a'), Buffer.from([0xff]), Buffer.from('&#xD800;</string></plist>')])),
    ).toBe('a\ufffd\ufffd');
  });

  it('takes a byte order mark', () => {
    expect(parsePlist(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), xml('<true/>')]))).toBe(true);
  });

  it('holds __proto__ as a key like any other', () => {
    const dict = parsePlistDict(xml('<dict><key>__proto__</key><dict><key>polluted</key><true/></dict></dict>'));
    expect(Object.keys(dict)).toEqual(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('caps depth, values, size', () => {
    const deep = (n: number) => xml('<array>'.repeat(n) + '</array>'.repeat(n));
    expect(fault(deep(65))).toBe('read');
    expect(fault(deep(66))).toBe('too-deep');
    expect(fault(deep(1_000_000))).toBe('too-deep');
    expect(fault(xml(`<array>${'<true/>'.repeat(1_000_000)}</array>`))).toBe('too-many');
    expect(fault(xml('<true/>'), { bytes: 10 })).toBe('too-large');
  });

  it('caps references, comments and sections, and meets millions of them in little time', () => {
    const started = performance.now();
    for (const [piece, expected] of [
      ['&amp;', 'too-many'],
      ['<!---->', 'too-many'],
      ['<![CDATA[]]>', 'too-many'],
      ['&', 'entity'],
      ['<!--', 'malformed'],
    ] as const) {
      expect(fault(xml(`<string>${piece.repeat(1_200_000)}</string>`))).toBe(expected);
    }
    expect(fault(xml(`<array>${'<!---->'.repeat(1_200_000)}</array>`))).toBe('too-many');
    // Under a second; gathering all references first takes many.
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(parsePlist(xml(`<string>${'&amp;'.repeat(50_000)}</string>`))).toBe('&'.repeat(50_000));
  });

  it('names no content in its errors', () => {
    const secret = '<data>c2VjcmV0!</data>';
    expect(() => parsePlist(xml(secret))).toThrow(/^property list refused: malformed at \d+$/);
  });
});

describe('binary property lists', () => {
  it.each([
    [`14${'00'.repeat(8)}${'ff'.repeat(8)}`, 18446744073709551615n],
    ['13ffffffffffffffff', -1],
    ['137fffffffffffffff', 9223372036854775807n],
    ['10ff', 255],
    ['12ffffffff', 4294967295],
    ['3340f5180000000000', new Date('2001-01-02T00:00:00Z')],
    ['223fc00000', 1.5],
    ['8005', { CF$UID: 5 }],
    ['5f100161', 'a'],
  ])('reads %s', (digits, value) => {
    expect(parsePlist(binary([hex(digits)]))).toEqual(value);
  });

  it('refuses an object that contains itself, directly or around corners', () => {
    expect(fault(binary([arrayOf(0)]))).toBe('cycle');
    expect(fault(binary([arrayOf(1), arrayOf(2), arrayOf(0)]))).toBe('cycle');
  });

  it('refuses objects that unfold: ten names of ten names of …', () => {
    const layers = Array.from({ length: 30 }, (_, i) => (i < 29 ? arrayOf(...new Array<number>(10).fill(i + 1)) : hex('09')));
    expect(fault(binary(layers))).toBe('too-many');
  });

  it('counts a text each time it is named', () => {
    const text = Buffer.concat([hex('5f1200010000'), Buffer.alloc(0x10000, 0x61)]);
    const names = Buffer.concat([hex('af110400'), ...new Array<Buffer>(0x400).fill(ref(1))]);
    expect(fault(binary([names, text]))).toBe('too-large');
  });

  it('refuses depth', () => {
    expect(fault(binary(Array.from({ length: 20_000 }, (_, i) => (i < 19_999 ? arrayOf(i + 1) : hex('09')))))).toBe('too-deep');
  });

  it.each<[string, Buffer, PlistFault]>([
    ['a count of objects that is not there', binary([hex('09')], (t) => t.writeBigUInt64BE(0xffffffffffn, 8)), 'too-many'],
    ['more objects than the table holds', binary([hex('09')], (t) => t.writeBigUInt64BE(5n, 8)), 'malformed'],
    ['a root that is no object', binary([hex('09')], (t) => t.writeBigUInt64BE(1n, 16)), 'malformed'],
    ['a table beyond the end', binary([hex('09')], (t) => t.writeBigUInt64BE(2n ** 63n, 24)), 'malformed'],
    ['offsets of no bytes', binary([hex('09')], (t) => t.writeUInt8(0, 6)), 'malformed'],
    ['data longer than the file', binary([hex('4f127fffffff')]), 'malformed'],
    ['data longer than anything', binary([hex('4f137fffffffffffffff')]), 'malformed'],
    ['an array longer than the file', binary([hex('af127fffffff')]), 'malformed'],
    ['a reference to nothing', binary([arrayOf(9)]), 'malformed'],
    ['null', binary([hex('00')]), 'malformed'],
    ['a set', binary([hex('c0')]), 'malformed'],
    ['a key that is no text', binary([Buffer.concat([hex('d1'), ref(1), ref(1)]), hex('09')]), 'malformed'],
    ['an integer of 32 bytes', binary([hex(`15${'00'.repeat(32)}`)]), 'number'],
    ['an integer over 64 bits', binary([hex(`14${'01'.repeat(16)}`)]), 'number'],
    ['infinity', binary([hex('237ff0000000000000')]), 'number'],
    ['a date at infinity', binary([hex('337ff0000000000000')]), 'number'],
    ['nothing but the magic', Buffer.from('bplist00'), 'not-a-plist'],
  ])('refuses %s', (_, list, expected) => {
    expect(fault(list)).toBe(expected);
  });
});

describe('writing', () => {
  it.each<[string, PlistValue]>([
    ['a control character', 'a\u0000b'],
    ['half a surrogate pair', '\ud800'],
    ['infinity', Number.POSITIVE_INFINITY],
    ['no date', new Date(Number.NaN)],
  ])('refuses %s', (_, value) => {
    expect(() => writePlist([value])).toThrow(new PlistError('unwritable'));
  });

  it('refuses an integer over 64 bits, and a list that contains itself', () => {
    const self: PlistValue[] = [];
    self.push(self);
    expect(() => writePlist(2n ** 64n)).toThrow(PlistError);
    expect(() => writePlist(self)).toThrow(PlistError);
    expect(() => writeBinaryPlist(self)).toThrow(PlistError);
  });

  it('tells a dictionary from everything else at the root', () => {
    expect(parsePlistDict(writePlist({ a: 1 }))).toEqual({ a: 1 });
    expect(() => parsePlistDict(writePlist([1]))).toThrow(PlistError);
  });
});
