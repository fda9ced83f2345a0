import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readJson } from './json.js';

describe('JSON from outside', () => {
  it('gives back what well-behaved JSON says', () => {
    fc.assert(
      fc.property(
        fc
          .jsonValue({ maxDepth: 4, stringUnit: 'grapheme' })
          .filter((v) => !JSON.stringify(v).includes('\\u0000') && !JSON.stringify(v).includes('__proto__')),
        (value) => {
          const text = JSON.stringify(value);
          expect(readJson(text, 12, '(body)')).toEqual({ ok: true, value: JSON.parse(text) });
        },
      ),
    );
  });

  it.each([
    ['{"a":{"b":["x","y\\u0000"]}}', 'a.b[1]', /NUL/],
    ['{"a":"\\ud800"}', 'a', /well-formed/],
    ['{"a":1e400}', 'a', /finite/],
    ['[1,-1e999]', '[1]', /finite/],
    ['{"a":{"__proto__":1}}', 'a', /__proto__/],
    ['{"a":{"b\\u0000":1}}', 'a', /name/],
    ['{"a":', '(body)', /not JSON/],
    ['', '(body)', /not JSON/],
    ['\u0000', '(body)', /not JSON/],
  ])('refuses %s and names %s', (text, field, message) => {
    const read = readJson(text, 12, '(body)');
    expect(read).toMatchObject({ ok: false, error: { field } });
    if (!read.ok) expect(read.error.message).toMatch(message);
  });

  it('refuses deep nesting without falling into it', () => {
    const read = readJson(`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 12, '(frame)');
    expect(read).toMatchObject({ ok: false, error: { message: 'is nested deeper than 12 levels' } });
    expect(readJson(`${'['.repeat(12)}${']'.repeat(12)}`, 12, '(frame)').ok).toBe(true);
    expect(readJson(`${'['.repeat(13)}${']'.repeat(13)}`, 12, '(frame)').ok).toBe(false);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(typeof readJson(text, 12, '(frame)').ok).toBe('boolean');
      }),
    );
  });
});
