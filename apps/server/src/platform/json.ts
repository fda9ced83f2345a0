import { isStorableText } from '@lockstep/core/health';
import { messageOf } from './errors.js';
import { type FieldError, fieldName } from './problem.js';

export type JsonRead = { ok: true; value: unknown } | { ok: false; error: FieldError };

/**
 * Reads JSON from outside. Beyond well-formed JSON it refuses what would only break later, in the database or in a handler, and names the
 * field: texts with NUL or a lone surrogate (PostgreSQL refuses them, 22P05 and 22P02), numbers that overflow to infinity (1e400), nesting
 * deeper than `depth` (a stack that overflows), and the key `__proto__`.
 * @param whole what the input as a whole is called in an error: `(body)`, `(frame)`.
 */
export function readJson(text: string, depth: number, whole: string): JsonRead {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, error: { field: whole, message: `is not JSON: ${messageOf(error)}`.slice(0, 200) } };
  }
  const error = fault(value, [], depth, whole);
  return error === null ? { ok: true, value } : { ok: false, error };
}

function fault(value: unknown, path: (string | number)[], depth: number, whole: string): FieldError | null {
  const refuse = (message: string): FieldError => ({ field: fieldName(path, whole).slice(0, 200), message });
  if (typeof value === 'string') return isStorableText(value) ? null : refuse('must be well-formed text without NUL');
  if (typeof value === 'number') return Number.isFinite(value) ? null : refuse('must be a finite number');
  if (typeof value !== 'object' || value === null) return null;
  if (path.length >= depth) return refuse(`is nested deeper than ${depth} levels`);
  const entries: [string | number, unknown][] = Array.isArray(value) ? value.map((v, i) => [i, v]) : Object.entries(value);
  for (const [key, inner] of entries) {
    if (key === '__proto__') return refuse('has a field named __proto__');
    if (typeof key === 'string' && !isStorableText(key)) return refuse('has a field whose name is not well-formed text without NUL');
    const error = fault(inner, [...path, key], depth, whole);
    if (error !== null) return error;
  }
  return null;
}
