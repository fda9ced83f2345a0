import type { Problem } from '@lockstep/core/protocol';
import type { z } from 'zod';

/** One field of the input and what is wrong with it. */
export interface FieldError {
  field: string;
  message: string;
}

/** A refusal that the caller reads as application/problem+json: a stable word, one sentence, and the fields it is about. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly status: number,
    /** Stable, for programs: `not-found`. */
    readonly code: string,
    /** One sentence for a person. */
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    /** Sent with the answer, such as Retry-After. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${code}: ${detail}`);
  }

  /** What is sent. */
  toProblem(): Problem {
    const errors = this.errors.length > 0 ? { errors: this.errors.map((e) => ({ ...e })) } : {};
    return { type: 'about:blank', title: titleOf(this.status), status: this.status, code: this.code, detail: this.detail, ...errors };
  }
}

/** Titles as in RFC 9110 and RFC 6585, of the statuses that this server sends. */
const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

function titleOf(status: number): string {
  return TITLES[status] ?? (status >= 500 ? 'Server Error' : 'Request Refused');
}

/** `['facts', 0, 'kind']` as `facts[0].kind`; the whole input as `(body)` and the like. */
export function fieldName(path: readonly PropertyKey[], whole: string): string {
  let out = '';
  for (const step of path) out += typeof step === 'number' ? `[${step}]` : out === '' ? String(step) : `.${String(step)}`;
  return out === '' ? whole : out;
}

/** More errors than this help nobody, and a body of a thousand bad rows must not be answered with a thousand sentences. */
const MOST_ERRORS = 20;

/** A schema's refusal as field errors: each names its field. */
export function fieldErrors(error: z.ZodError, whole: string): FieldError[] {
  const out: FieldError[] = [];
  for (const issue of error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) out.push({ field: fieldName([...issue.path, key], whole), message: 'is not a known field' });
    } else {
      const missing = issue.code === 'invalid_type' && issue.input === undefined && / received undefined$/.test(issue.message);
      out.push({ field: fieldName(issue.path, whole), message: missing ? 'is required' : issue.message });
    }
    if (out.length >= MOST_ERRORS) break;
  }
  return out.slice(0, MOST_ERRORS);
}

/**
 * Reads input from outside with its schema.
 * @param part where it came from: `body`, `query`, or the name of the path parameter or header; names the whole when no field can be named.
 * @throws ProblemError 400 `invalid-input` with one entry per field.
 */
export function parseInput<T extends z.ZodType>(schema: T, value: unknown, part: string): z.output<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const errors = fieldErrors(read.error, part === 'body' || part === 'query' ? `(${part})` : part);
  throw new ProblemError(400, 'invalid-input', sentence(errors), errors);
}

function sentence(errors: readonly FieldError[]): string {
  const [first] = errors;
  if (first === undefined) return 'The input is not valid.';
  return errors.length === 1 ? `${first.field}: ${first.message}` : `${first.field}: ${first.message} (and ${errors.length - 1} more)`;
}
