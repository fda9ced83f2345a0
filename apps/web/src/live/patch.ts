import { type PairDetail, type PairRow, RUN_STATES, type RunView } from '@lockstep/core/protocol';
import { compareRows, type FleetView, matches } from './fleet-view.js';

/** A row of any list that the socket patches. */
export interface Row {
  id: string;
  revision: number;
}
export interface RowPage<R extends Row = PairRow> {
  items: R[];
  next: string | null;
}
export interface RowPages<R extends Row = PairRow> {
  pages: RowPage<R>[];
  pageParams: unknown[];
}

/** Rows kept for comparing: far more than a reader scrolls through; the oldest are forgotten first. */
const REMEMBERED = 20_000;

export interface HealthChange {
  row: PairRow;
  from: PairRow['health'];
}

/**
 * The newest revision of every row seen, from lists and from the socket. A list that was read before a patch and arrives after it
 * would otherwise put the old row back.
 */
export class Memory<R extends Row> {
  protected readonly rows = new Map<string, R>();

  /** Takes rows in; returns those that were news: unknown before, or of a higher revision. */
  take(rows: readonly R[]): R[] {
    const news: R[] = [];
    for (const row of rows) {
      const known = this.rows.get(row.id);
      if (known && known.revision >= row.revision) continue;
      this.rows.delete(row.id);
      this.rows.set(row.id, row);
      news.push(row);
    }
    for (const id of this.rows.keys()) {
      if (this.rows.size <= REMEMBERED) break;
      this.rows.delete(id);
    }
    return news;
  }

  /** The newest version of a row. */
  freshest(row: R): R {
    const known = this.rows.get(row.id);
    return known && known.revision > row.revision ? known : row;
  }
}

/** The memory of pairs. */
export class RowMemory extends Memory<PairRow> {
  /** Which of the rows bring another health to a pair that was known and is attached: each change comes out once. */
  changes(rows: readonly PairRow[]): HealthChange[] {
    return rows.flatMap((row) => {
      const known = this.rows.get(row.id);
      const changed = known && known.revision < row.revision && known.health !== row.health && row.presence === 'attached';
      return changed ? [{ row, from: known.health }] : [];
    });
  }
}

/** Puts newer rows in the places of older ones. Nothing moves, nothing is added, nothing is removed; the same object when nothing changed. */
export function patchPages<R extends Row, T extends RowPages<R>>(data: T, rows: readonly R[]): T {
  const byId = new Map(rows.map((r) => [r.id, r]));
  let changed = false;
  const pages = data.pages.map((page) => {
    let touched = false;
    const items = page.items.map((old) => {
      const row = byId.get(old.id);
      if (!row || row.revision <= old.revision) return old;
      touched = true;
      return row;
    });
    if (!touched) return page;
    changed = true;
    return { ...page, items };
  });
  return changed ? { ...data, pages } : data;
}

/**
 * Ids of rows that belong into this view, stand in none of its pages, and would stand among what is loaded: the reader is offered
 * them, the list does not jump. `offered` are those offered already.
 */
export function offer(data: RowPages, view: FleetView, rows: readonly PairRow[], offered: readonly string[]): string[] {
  return offerRows(data, rows, offered, { belongs: (row) => matches(row, view), compare: (a, b) => compareRows(a, b, view.sort) });
}

/** The same for rows of any list. */
export function offerRows<R extends Row>(
  data: RowPages<R>,
  rows: readonly R[],
  offered: readonly string[],
  view: { belongs: (row: R) => boolean; compare: (a: R, b: R) => number },
): string[] {
  const shown = new Set(data.pages.flatMap((p) => p.items.map((r) => r.id)));
  const lastPage = data.pages.at(-1);
  const last = lastPage?.items.at(-1);
  const out = new Set(offered);
  for (const row of rows) {
    if (shown.has(row.id)) continue;
    const within = !lastPage?.next || !last || view.compare(row, last) < 0;
    if (view.belongs(row) && within) out.add(row.id);
    else out.delete(row.id);
  }
  return out.size === offered.length && offered.every((id) => out.has(id)) ? (offered as string[]) : [...out];
}

/** The newer of two details of one pair. Runs move without a new revision of the row, so an equal revision is taken. */
export function patchDetail(old: PairDetail | undefined, detail: PairDetail): PairDetail {
  if (!old) return detail;
  if (detail.pair.revision < old.pair.revision) return old;
  return {
    ...detail,
    runs: detail.runs.map((r) =>
      laterRun(
        old.runs.find((o) => o.id === r.id),
        r,
      ),
    ),
  };
}

/** A row that changed, laid into the detail that shows it. */
export function patchDetailRow(old: PairDetail, row: PairRow): PairDetail {
  return row.id === old.pair.id && row.revision > old.pair.revision ? { ...old, pair: row } : old;
}

function laterRun(old: RunView | undefined, run: RunView): RunView {
  return old && RUN_STATES.indexOf(old.state) > RUN_STATES.indexOf(run.state) ? old : run;
}

/** Lays a run that was just asked for into the detail, ahead of the socket. */
export function withRun(detail: PairDetail, run: RunView): PairDetail {
  const known = detail.runs.find((r) => r.id === run.id);
  const runs = known ? detail.runs.map((r) => (r.id === run.id ? laterRun(r, run) : r)) : [run, ...detail.runs];
  const { activeRun } = detail.target;
  const named = { fix: run.fix, id: run.id };
  const others = (detail.target.awaiting ?? []).filter((r) => r.id !== run.id);
  // What waits for a yes is not under way: it holds up only the same fix.
  const waits = run.state === 'awaiting-approval';
  const active = waits || isOver(run.state) ? (activeRun?.id === run.id ? null : activeRun) : named;
  return { ...detail, runs, target: { ...detail.target, activeRun: active, awaiting: waits ? [...others, named] : others } };
}

/** Whether a run has ended. */
export function isOver(state: RunView['state']): boolean {
  return state === 'judged' || state === 'expired' || state === 'refused' || state === 'cancelled';
}
