import type { FailReason } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import { failedEnd } from '../linux/index.js';
import type { Ran } from '../port.js';

/** One entry of the unified log. */
export interface LogEntry {
  /** ms since 1970. */
  at: number;
  /** The program's name, without its folder; `kernel`. */
  process: string;
  message: string;
}

export type UnifiedLog = { read: true; entries: LogEntry[] } | { read: false; reason: FailReason };

/** EX_NOPERM of sysexits.h: only administrators may read the log. */
const NOT_PERMITTED = 77;

/**
 * Reads `log show --style ndjson` (log(1)): one object a line, and at the end one that says `finished`. A log in which nothing matched says
 * at least that: nothing printed at all is no answer. Whoever may not read the log gets an error and an exit code.
 */
export function readUnifiedLog(ran: Ran): UnifiedLog {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  if (ran.exit === NOT_PERMITTED) return { read: false, reason: 'denied' };
  if (ran.exit !== 0) return { read: false, reason: 'garbage' };
  const entries: LogEntry[] = [];
  let bad = 0;
  let finished = false;
  for (const { line, whole } of linesOf(ran.stdout)) {
    if (line.trim() === '') continue;
    const value = objectOf(line);
    if (value?.finished !== undefined) finished = true;
    else {
      const entry = value && entryOf(value);
      if (entry) entries.push(entry);
      else if (whole) bad++;
    }
  }
  if ((entries.length === 0 && !finished) || bad > entries.length) return { read: false, reason: 'garbage' };
  return { read: true, entries: entries.sort((a, b) => a.at - b.at) };
}

function objectOf(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function entryOf(value: Record<string, unknown>): LogEntry | null {
  const { timestamp, eventMessage, processImagePath } = value;
  if (typeof timestamp !== 'string' || typeof eventMessage !== 'string') return null;
  // `2026-11-24 09:12:13.123456+0100`
  const m = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})\.(\d{1,9})([+-]\d{2})(\d{2})$/.exec(timestamp);
  const at = m ? Date.parse(`${m[1]}T${m[2]}.${(m[3] ?? '').slice(0, 3).padEnd(3, '0')}${m[4]}:${m[5]}`) : Number.NaN;
  if (!Number.isFinite(at)) return null;
  const path = typeof processImagePath === 'string' ? processImagePath : '';
  return { at, process: path.slice(path.lastIndexOf('/') + 1), message: eventMessage };
}
