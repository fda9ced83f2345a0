import { text } from '@lockstep/core/health';
import { z } from 'zod';
import { ProblemError } from './problem.js';

/** Rows of a page when nobody says how many, and the most that can be asked for. */
export const PAGE = { rows: 50, most: 200 } as const;

/** The part of a list's query that every list has; a list adds its filters with `.extend`. */
export const PageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,4}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(1, 'must be at least 1').max(PAGE.most, `must be at most ${PAGE.most}`))
    .default(PAGE.rows),
  after: text(1024).optional(),
  q: text(200).optional(),
});
export type PageQuery = z.output<typeof PageQuery>;

/** What a page is sorted by, taken from its last row: the next page begins after it. Ends in something unique. */
export type Cursor = readonly (string | number | boolean | null)[];

/** A cursor as the opaque text that clients send back as `after`. */
export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/**
 * Reads `after`, or null when there is none.
 * @param schema a tuple of what this list is sorted by: a cursor of another list or another sort is refused.
 * @throws ProblemError 400 naming `after`.
 */
export function decodeCursor<T extends z.ZodType>(after: string | undefined, schema: T): z.output<T> | null {
  if (after === undefined) return null;
  const refuse = () => {
    const message = 'is not a cursor of this list: take it from `next` of the page before, with the same sort';
    return new ProblemError(400, 'invalid-input', `after: ${message}`, [{ field: 'after', message }]);
  };
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(after, 'base64url').toString('utf8'));
  } catch {
    throw refuse();
  }
  const read = schema.safeParse(value);
  if (!read.success) throw refuse();
  return read.data;
}

/**
 * A page out of rows that were fetched with one more than `limit`: the extra row is only the sign that there is a next page.
 */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  view: (row: R) => T,
  cursor: (row: R) => Cursor,
): { items: T[]; next: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(view), next: rows.length > limit && last !== undefined ? encodeCursor(cursor(last)) : null };
}
