import type { Queryable } from '../pairs/index.js';
import type { RunChange } from './lifecycle.js';
import type { RunRow } from './run-rows.js';

const COLUMNS = [
  'state',
  'stage',
  'awaiting',
  'mechanics',
  'detail',
  'verdict',
  'waiting_for',
  'before',
  'after',
  'attempts',
  'sent_at',
  'received_at',
  'settled_at',
  'judged_at',
  'not_before',
  'place_at',
  'expires_at',
] as const satisfies readonly (keyof RunChange)[];

/** Reads runs and locks them, in the order of their ids. */
export async function lockRuns(tx: Queryable, ids: readonly string[]): Promise<RunRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await tx.query<RunRow>('SELECT * FROM fix_run WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE', [ids]);
  return rows;
}

/** Writes what changed of a locked run and returns it as it is now. */
export async function changeRun(tx: Queryable, run: RunRow, change: RunChange): Promise<RunRow> {
  const columns = COLUMNS.filter((c) => change[c] !== undefined);
  if (columns.length === 0) return run;
  const values = columns.map((c) => (c === 'before' || c === 'after' ? JSON.stringify(change[c]) : change[c]));
  await tx.query(`UPDATE fix_run SET ${columns.map((c, i) => `"${c}" = $${i + 2}`).join(', ')} WHERE id = $1`, [run.id, ...values]);
  return { ...run, ...change };
}
