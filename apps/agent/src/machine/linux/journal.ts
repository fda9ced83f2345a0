import type { FailReason } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import type { Ran } from '../port.js';

/** One entry of the journal. */
export interface JournalEntry {
  /** When it was written, ms since 1970. */
  at: number;
  message: string;
}

export type Journal = { read: true; entries: JournalEntry[] } | { read: false; reason: FailReason };

/** POSIX shells' words for "not there" and "may not be started". */
const EXITS: Readonly<Record<number, FailReason>> = { 126: 'denied', 127: 'missing-tool' };

/** What a tool's own end says when it gave no answer: its failure, the shell's exit codes, else null. */
export function failedEnd(ran: Ran): FailReason | null {
  return ran.failure ?? (ran.exit === null ? 'closed' : (EXITS[ran.exit] ?? null));
}

/**
 * Reads `journalctl -o json`: one object a line, `__REALTIME_TIMESTAMP` in microseconds, `MESSAGE` text or, where it is no UTF-8, a list of
 * bytes (systemd's journal export documentation). Without rights the journal is empty or partial and says so on stderr: that is `denied`,
 * never "nothing happened". A last line that was cut is passed over.
 */
export function readJournal(ran: Ran): Journal {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  if (/not seeing messages from other users|insufficient permissions|permission denied|not permitted/i.test(ran.stderr))
    return { read: false, reason: 'denied' };
  if (/no journal files were found|host is down|not been booted with systemd/i.test(ran.stderr))
    return { read: false, reason: 'unreachable' };
  const entries: JournalEntry[] = [];
  let bad = 0;
  for (const { line, whole } of linesOf(ran.stdout)) {
    if (line.trim() === '' || line.startsWith('-- ')) continue;
    const entry = entryOf(line);
    if (entry) entries.push(entry);
    else if (whole) bad++;
  }
  if (ran.exit !== 0 || bad > entries.length) return { read: false, reason: 'garbage' };
  return { read: true, entries: entries.sort((a, b) => a.at - b.at) };
}

function entryOf(line: string): JournalEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { __REALTIME_TIMESTAMP: time, MESSAGE: said } = value as Record<string, unknown>;
  if (typeof time !== 'string' || !/^\d{15,17}$/.test(time)) return null;
  const message = typeof said === 'string' ? said : isBytes(said) ? Buffer.from(said).toString('utf8') : '';
  return { at: Math.floor(Number(time) / 1_000), message };
}

function isBytes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((b) => Number.isInteger(b) && b >= 0 && b <= 255);
}
