import { isNativeError } from 'node:util/types';
import { printable } from '@lockstep/core/health';
import pino from 'pino';

/** What may be written beside a message. */
export type Fields = Record<string, unknown>;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where a log goes: stdout, or anything that takes lines (a test collects them). */
export interface LogSink {
  write(line: string): void;
}

const SECRET_KEY = /pass(word|phrase)|secret|token|cookie|authorization|private|signature|^(key|record|body|answer|session)$/i;
/** Tokens of this system, connection strings with a password, PEM blocks, bearer headers: refused wherever they stand in a text. */
const SECRET_TEXT: readonly [RegExp, string][] = [
  [/\b(lse1|lst1)\.[A-Za-z0-9_.-]+/g, '$1.[redacted]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s@]+@/gi, '$1:[redacted]@'],
  [/-----BEGIN [A-Z0-9 ]+-----[\s\S]*?-----END [A-Z0-9 ]+-----/g, '[redacted]'],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi, '$1 [redacted]'],
];
/** Deeper than anything we log on purpose. */
const DEEPEST = 6;

function scrubText(s: string): string {
  let out = s;
  for (const [pattern, by] of SECRET_TEXT) out = out.replace(pattern, by);
  // A phone's name may hold escapes that take over a terminal; line ends of stack traces are ours.
  return out
    .split('\n')
    .map((line) => printable(line))
    .join('\n');
}

/** A copy that may be written to a log: values under secret names are replaced, secrets inside texts too, bytes are only counted. */
export function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return value.toISOString();
  if (depth >= DEEPEST) return '[deep]';
  if (isNativeError(value)) {
    const { name, message, stack } = value;
    const code = 'code' in value && typeof value.code === 'string' ? { code: value.code } : {};
    const cause = value.cause === undefined ? {} : { cause: scrub(value.cause, depth + 1) };
    return { name, message: scrubText(message), ...code, ...cause, ...(stack ? { stack: scrubText(stack) } : {}) };
  }
  if (Array.isArray(value)) return value.map((v) => scrub(v, depth + 1));
  const out: Record<string, unknown> = {};
  for (const [k, v] of Object.entries(value))
    out[k] = SECRET_KEY.test(k) && v !== null && v !== undefined ? '[redacted]' : scrub(v, depth + 1);
  return out;
}

/** Structured log, one JSON line per entry, without secrets. */
export class Log {
  constructor(private readonly pino: pino.Logger) {}

  /** A log that adds `fields` to each entry. */
  child(fields: Fields): Log {
    return new Log(this.pino.child(scrub(fields) as Fields));
  }

  debug(message: string, fields: Fields = {}): void {
    if (this.pino.isLevelEnabled('debug')) this.pino.debug(scrub(fields), scrubText(message));
  }

  info(message: string, fields: Fields = {}): void {
    if (this.pino.isLevelEnabled('info')) this.pino.info(scrub(fields), scrubText(message));
  }

  warn(message: string, fields: Fields = {}): void {
    if (this.pino.isLevelEnabled('warn')) this.pino.warn(scrub(fields), scrubText(message));
  }

  error(message: string, fields: Fields = {}): void {
    if (this.pino.isLevelEnabled('error')) this.pino.error(scrub(fields), scrubText(message));
  }
}

/** A log of the given level. Without a sink it writes to stdout, at once, so that the last words before an exit are not lost. */
export function createLog(level: LogLevel, sink?: LogSink): Log {
  const options: pino.LoggerOptions = {
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  return new Log(pino(options, sink ?? pino.destination({ dest: 1, sync: true })));
}
