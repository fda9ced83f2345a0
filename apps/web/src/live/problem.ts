import { Problem } from '@lockstep/core/protocol';

/**
 * Why the API gave no answer that can be shown. `unreachable`: no server; `unexpected`: an answer this page does not understand (it is
 * older or newer than the server); `problem`: the server says what is wrong.
 */
export class ApiError extends Error {
  override name = 'ApiError';
  constructor(
    readonly kind: 'unreachable' | 'unexpected' | 'problem',
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string | null = null,
    /** Messages by field, the last part of the field's path. */
    readonly fields: Readonly<Record<string, string>> = {},
    readonly retryAfterS: number | null = null,
  ) {
    super(detail ?? title);
  }
}

/** Reads an answer that is not a success. */
export function problemOf(status: number, body: unknown, retryAfter: string | null): ApiError {
  const parsed = Problem.safeParse(body);
  const seconds = retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : null;
  if (!parsed.success) {
    // A proxy in between answers in its own way while the server is away.
    if (status >= 502 && status <= 504)
      return new ApiError('unreachable', status, 'unreachable', 'The server cannot be reached.', null, {}, seconds);
    return new ApiError(
      'unexpected',
      status,
      'unexpected',
      'The server answered something this page does not understand.',
      `HTTP ${status}`,
      {},
      seconds,
    );
  }
  const p = parsed.data;
  const fields: Record<string, string> = {};
  for (const e of p.errors ?? []) {
    const name = e.field.split('.').at(-1) ?? e.field;
    fields[name] ??= e.message;
  }
  return new ApiError('problem', p.status, p.code, p.title, p.detail ?? null, fields, seconds);
}

/** Any thrown thing as an ApiError, for a page to show. */
export function asApiError(e: unknown): ApiError {
  if (e instanceof ApiError) return e;
  return new ApiError('unexpected', 0, 'unexpected', 'This page ran into an error of its own.', e instanceof Error ? e.message : String(e));
}
