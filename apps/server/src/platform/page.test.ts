import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { decodeCursor, encodeCursor, PageQuery, pageOf } from './page.js';
import { ProblemError, parseInput } from './problem.js';

describe('pages', () => {
  it('reads back every cursor it made', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), (a, b) => {
        expect(decodeCursor(encodeCursor([a, b]), z.tuple([z.string(), z.number()]))).toEqual([a, b]);
      }),
    );
  });

  it('refuses a cursor of another list, or no cursor at all, and names it', () => {
    for (const after of ['', 'garbage', encodeCursor([1]), encodeCursor(['a', 'b', 'c']), 'e30', '%00']) {
      expect(() => decodeCursor(after, z.tuple([z.string(), z.string()]))).toThrow(ProblemError);
    }
    expect(decodeCursor(undefined, z.tuple([z.string()]))).toBeNull();
  });

  it('shows a next page only when there is one', () => {
    const view = (rows: number[]) =>
      pageOf(
        rows,
        3,
        (n) => n,
        (n) => [n],
      );
    expect(view([])).toEqual({ items: [], next: null });
    expect(view([1, 2, 3])).toEqual({ items: [1, 2, 3], next: null });
    expect(view([1, 2, 3, 4])).toEqual({ items: [1, 2, 3], next: encodeCursor([3]) });
  });

  it.each([
    { limit: '0' },
    { limit: '201' },
    { limit: '1e400' },
    { limit: '-1' },
    { limit: '' },
    { limit: ['1', '2'] },
    { limt: '5' },
    { after: 'a\u0000' },
    { q: 'x'.repeat(201) },
  ])('refuses %j', (query) => {
    expect(() => parseInput(PageQuery, query, 'query')).toThrow(new RegExp(Object.keys(query)[0] ?? ''));
  });
});
