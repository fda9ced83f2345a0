import { describe, expect, it } from '@jest/globals';
import { rawText } from './raw.js';

describe('a raw fact', () => {
  it('is JSON in which control characters and bidirectional marks are replaced', () => {
    expect(JSON.parse(rawText({ a: 1, name: '\u202eab\u001b[31m', deep: [{ x: '\u2066y' }] }))).toEqual({
      a: 1,
      name: '\ufffdab\ufffd[31m',
      deep: [{ x: '\ufffdy' }],
    });
  });
  it('is cut where it would fill the page, and says how much is left out', () => {
    const text = rawText({ a: 'x'.repeat(500) }, 0, 100);
    expect(text.startsWith('{"a":"xxx')).toBe(true);
    expect(text.endsWith('408 characters more')).toBe(true);
  });
  it('is empty when nothing was read', () => {
    expect(rawText(null)).toBe('');
    expect(rawText(undefined)).toBe('');
  });
});
