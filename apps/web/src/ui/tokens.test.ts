import { describe, expect, it } from '@jest/globals';
import { contrast, luminance } from './contrast.js';
import { MARK_PAIRS, TEXT_PAIRS, type Theme, TOKENS } from './tokens.js';

const THEMES = Object.keys(TOKENS) as Theme[];

describe('contrast', () => {
  it('measures black on white as 21 and a colour on itself as 1', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
    expect(contrast('#123456', '#123456')).toBe(1);
    expect(() => luminance('red')).toThrow('red');
  });
});

describe.each(THEMES)('the %s theme', (theme) => {
  it.each(TEXT_PAIRS)('writes %s on %s at 4.5:1 or better', (text, ground) => {
    expect(contrast(TOKENS[theme][text], TOKENS[theme][ground])).toBeGreaterThanOrEqual(4.5);
  });
  it.each(MARK_PAIRS)('draws %s on %s at 3:1 or better', (mark, ground) => {
    expect(contrast(TOKENS[theme][mark], TOKENS[theme][ground])).toBeGreaterThanOrEqual(3);
  });
  it('has every token of the other theme', () => {
    for (const other of THEMES) expect(Object.keys(TOKENS[theme])).toEqual(Object.keys(TOKENS[other]));
  });
});
