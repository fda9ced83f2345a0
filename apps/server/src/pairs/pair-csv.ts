import { printable } from '@lockstep/core/health';
import type { PairRow } from '@lockstep/core/protocol';
import { listPairIds, type PairsFilter, pairRowsOf } from './pair-list.js';
import type { Queryable } from './pair-rows.js';

/** Rows read at once: some 300 bytes each, so a slow reader holds little. */
const CHUNK = 500;
/** Spreadsheets read UTF-8 as UTF-8 only behind a byte order mark. */
const BOM = '\ufeff';

/**
 * How a spreadsheet would read a cell as a formula: `=`, `+`, `-`, `@` and their full-width forms, after any blanks (OWASP, CSV
 * injection). Quotes do not help, an apostrophe in front does.
 */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/;

/** One cell (RFC 4180). What phones and computers say of themselves is made harmless for terminals and for spreadsheets. */
export function csvCell(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const shown = printable(value);
  return `"${(FORMULA.test(shown) ? `'${shown}` : shown).replaceAll('"', '""')}"`;
}

const COLUMNS: readonly [name: string, of: (row: PairRow) => string | number | boolean | null][] = [
  ['host', (r) => r.hostName],
  ['os', (r) => r.os],
  ['device', (r) => r.deviceName],
  ['model', (r) => r.model],
  ['iosVersion', (r) => r.iosVersion],
  ['udid', (r) => r.udid],
  ['presence', (r) => r.presence],
  ['health', (r) => r.health],
  ['connected', (r) => r.connected],
  ['cause', (r) => r.primary?.cause ?? null],
  ['title', (r) => r.primary?.title ?? null],
  ['layer', (r) => r.primary?.layer ?? null],
  ['confidence', (r) => r.primary?.confidence ?? null],
  ['since', (r) => r.since],
  ['seenAt', (r) => r.seenAt],
  ['sentence', (r) => r.sentence.replace('{since}', `since ${r.since}`)],
  ['pairId', (r) => r.id],
  ['hostId', (r) => r.hostId],
];

const line = (cells: readonly (string | number | boolean | null)[]) => `${cells.map(csvCell).join(',')}\r\n`;

/**
 * All pairs that a list with these filters holds, in its order, as CSV. Which pairs they are is decided at one moment, so none is missing
 * or there twice however long the reader takes; what is told of each is as of when it is sent.
 */
export async function* pairsCsv(db: Queryable, query: PairsFilter, isConnected: (hostId: string) => boolean): AsyncGenerator<string> {
  const ids = await listPairIds(db, query);
  yield BOM + line(COLUMNS.map(([name]) => name));
  for (let i = 0; i < ids.length; i += CHUNK) {
    const chunk = ids.slice(i, i + CHUNK);
    const rows = new Map((await pairRowsOf(db, chunk, isConnected)).map((r) => [r.id, r]));
    yield chunk
      .flatMap((id) => rows.get(id) ?? [])
      .map((row) => line(COLUMNS.map(([, of]) => of(row))))
      .join('');
  }
}
