import type { z } from 'zod';
import { setServerTime } from '../ui/index.js';
import { ApiError, problemOf } from './problem.js';

const BASE = '/api/v1';
/** A list takes milliseconds; whoever waits longer than this waits for nothing. */
const TIMEOUT_MS = 20_000;

/** 128 random bits; `crypto.randomUUID` exists only on secure origins, and a console on a plain LAN address is none. */
export function idempotencyKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

export interface ApiRequest<T> {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  /** The same key for a repeated POST gives the same answer. */
  key?: string;
  signal?: AbortSignal;
  /** Null: the answer's body is not read. */
  schema: z.ZodType<T> | null;
}

/** What the session's end is told to: set by the room that keeps the session. */
let signedOut: () => void = () => {};
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

/** Asks the API. Throws an ApiError; never anything else but an abort. */
export async function api<T>(path: string, r: ApiRequest<T>): Promise<T> {
  const url = new URL(BASE + path, window.location.origin);
  for (const [k, v] of Object.entries(r.query ?? {})) if (v !== undefined && v !== '') url.searchParams.set(k, String(v));
  const method = r.method ?? 'GET';
  const headers: Record<string, string> = { accept: 'application/json, application/problem+json' };
  if (r.body !== undefined) headers['content-type'] = 'application/json';
  if (method === 'POST') headers['idempotency-key'] = r.key ?? idempotencyKey();
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const unreachable = () => new ApiError('unreachable', 0, 'unreachable', 'The server cannot be reached.');
  let answer: Response;
  try {
    answer = await fetch(url, {
      method,
      headers,
      body: r.body === undefined ? null : JSON.stringify(r.body),
      signal: r.signal ? AbortSignal.any([r.signal, timeout]) : timeout,
      credentials: 'same-origin',
      cache: 'no-store',
    });
  } catch (e) {
    if (r.signal?.aborted) throw e;
    throw unreachable();
  }
  const date = answer.headers.get('date');
  if (date) setServerTime(date);
  if (!answer.ok) {
    const body: unknown = await answer.json().catch(() => null);
    if (answer.status === 401 && path !== '/session') signedOut();
    throw problemOf(answer.status, body, answer.headers.get('retry-after'));
  }
  if (r.schema === null) return undefined as T;
  let body: unknown;
  try {
    body = await answer.json();
  } catch {
    if (r.signal?.aborted) throw new DOMException('aborted', 'AbortError');
    throw unreachable();
  }
  const parsed = r.schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ApiError(
    'unexpected',
    answer.status,
    'unexpected',
    'The server answered something this page does not understand. Reload to get the page that fits the server.',
    issue ? `${path}: ${issue.path.join('.')}: ${issue.message}` : path,
  );
}
