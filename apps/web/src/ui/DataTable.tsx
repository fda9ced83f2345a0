import { type ColumnDef, FlexRender, rowSortingFeature, tableFeatures, useTable } from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, type Ref, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from 'react';
import styles from './DataTable.module.css';

const features = tableFeatures({ rowSortingFeature });

/** One column. Sorting is the server's: `sort` is the field it is asked by. */
export interface DataColumn<Row extends object> {
  id: string;
  head: string;
  cell: (row: Row) => ReactNode;
  /** A CSS grid track, such as `110px` or `minmax(0, 2fr)`. */
  track: string;
  right?: boolean;
  sort?: string;
}

export interface DataTableProps<Row extends object> {
  label: string;
  rows: readonly Row[];
  rowId: (row: Row) => string;
  columns: readonly DataColumn<Row>[];
  /** `since`, or `-since` for the other way round. */
  sort: string;
  onSort: (sort: string) => void;
  /** px: 34, or the height of `narrow` rows. */
  rowHeight: number;
  /** Draws a row without columns, for narrow windows. */
  narrow?: ((row: Row) => ReactNode) | null;
  dimmed?: (row: Row) => boolean;
  onOpen: (row: Row) => void;
  hasMore: boolean;
  onMore: () => void;
  foot?: ReactNode;
  handle?: Ref<DataTableHandle>;
}

/** What the keyboard does with a table. */
export interface DataTableHandle {
  move: (by: 1 | -1) => void;
  open: () => void;
  /** The row that has the cursor, or null. */
  current: () => string | null;
}

/** A table of many rows: only those in view exist. The cursor (`j`, `k`) moves focus to the first link or button of a row. */
export function DataTable<Row extends object>(p: DataTableProps<Row>) {
  const columns = useMemo(
    () =>
      p.columns.map(
        (c): ColumnDef<typeof features, Row> => ({
          id: c.id,
          header: c.head,
          accessorFn: (row) => row as unknown,
          cell: (ctx) => c.cell(ctx.row.original),
          enableSorting: c.sort !== undefined,
        }),
      ),
    [p.columns],
  );
  const data = useMemo(() => [...p.rows], [p.rows]);
  const sorted = p.sort.replace(/^-/, '');
  const sorting = useMemo(() => {
    const column = p.columns.find((c) => c.sort === sorted);
    return column ? [{ id: column.id, desc: p.sort.startsWith('-') }] : [];
  }, [p.columns, p.sort, sorted]);
  const table = useTable({
    features,
    columns,
    data,
    getRowId: p.rowId,
    manualSorting: true,
    enableMultiSort: false,
    state: { sorting },
    onSortingChange: (next) => {
      const [first] = typeof next === 'function' ? next(sorting) : next;
      const column = p.columns.find((c) => c.id === first?.id);
      if (column?.sort) p.onSort(first?.desc ? `-${column.sort}` : column.sort);
    },
  });
  const rows = table.getRowModel().rows;

  const body = useRef<HTMLTableSectionElement>(null);
  const [margin, setMargin] = useState(0);
  // What stands above the table grows and shrinks (banners, filters): the offset is measured, not guessed.
  useLayoutEffect(() => {
    const measure = () =>
      setMargin((m) => {
        const top = body.current ? Math.round(body.current.getBoundingClientRect().top + window.scrollY) : m;
        return top === m ? m : top;
      });
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(document.body);
    return () => watch.disconnect();
  }, []);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => p.rowHeight,
    overscan: 12,
    scrollMargin: margin,
    scrollPaddingStart: 100,
    scrollPaddingEnd: 40,
    getItemKey: (i) => rows[i]?.id ?? i,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: sizes are kept by the virtualiser until it is told that they changed
  useEffect(() => virtual.measure(), [virtual, p.rowHeight]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  const { hasMore, onMore } = p;
  useEffect(() => {
    if (hasMore && last >= rows.length - 20) onMore();
  }, [hasMore, onMore, last, rows.length]);

  const [cursor, setCursor] = useState<string | null>(null);
  const focusNext = useRef(false);
  const at = cursor === null ? -1 : rows.findIndex((r) => r.id === cursor);
  useEffect(() => {
    if (!focusNext.current || cursor === null) return;
    const target = body.current?.querySelector<HTMLElement>(
      `[data-row="${CSS.escape(cursor)}"] a, [data-row="${CSS.escape(cursor)}"] button`,
    );
    if (target) {
      focusNext.current = false;
      target.focus({ preventScroll: true });
    }
  });
  useImperativeHandle(p.handle, () => ({
    move: (by) => {
      if (rows.length === 0) return;
      const firstSeen = items.find((i) => i.start >= window.scrollY)?.index ?? 0;
      const next = at === -1 ? firstSeen : Math.min(rows.length - 1, Math.max(0, at + by));
      focusNext.current = true;
      setCursor(rows[next]?.id ?? null);
      virtual.scrollToIndex(next);
    },
    open: () => {
      const row = rows[at];
      if (row && document.activeElement === document.body) p.onOpen(row.original);
    },
    current: () => rows[at]?.id ?? null,
  }));

  const tracks = p.narrow ? 'minmax(0, 1fr)' : p.columns.map((c) => c.track).join(' ');
  return (
    <>
      <table
        className={styles.table}
        aria-label={p.label}
        aria-rowcount={p.hasMore ? -1 : rows.length + 1}
        style={{ '--columns': tracks } as React.CSSProperties}
        data-testid="data-table"
      >
        {!p.narrow && (
          <thead>
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id} aria-rowindex={1} className={styles.head}>
                {group.headers.map((header, i) => {
                  const column = p.columns[i];
                  return column && <Head key={header.id} column={column} dir={header.column.getIsSorted()} onSort={p.onSort} />;
                })}
              </tr>
            ))}
          </thead>
        )}
        <tbody ref={body} className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <tr
                key={row.id}
                aria-rowindex={item.index + 2}
                className={`${styles.row} ${p.narrow ? styles.narrow : ''}`}
                style={{ height: p.rowHeight, transform: `translateY(${item.start - virtual.options.scrollMargin}px)` }}
                data-row={row.id}
                data-testid="row"
                data-current={row.id === cursor || undefined}
                data-dimmed={p.dimmed?.(row.original) || undefined}
                onFocus={() => setCursor(row.id)}
                onClick={(e) => {
                  const target = e.target as HTMLElement;
                  const elsewhere = target.closest('a, button, [role="menu"]') || !e.currentTarget.contains(target);
                  if (!elsewhere && !window.getSelection()?.toString()) p.onOpen(row.original);
                }}
              >
                {p.narrow ? (
                  <td className={styles.td}>{p.narrow(row.original)}</td>
                ) : (
                  row.getAllCells().map((cell, i) => (
                    <td key={cell.id} className={`${styles.td} ${p.columns[i]?.right ? styles.right : ''}`}>
                      <FlexRender cell={cell} />
                    </td>
                  ))
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
      {p.foot && <div className={styles.foot}>{p.foot}</div>}
    </>
  );
}

/** One heading; where the server sorts by the column, a button that says which way. */
function Head<Row extends object>({
  column: c,
  dir,
  onSort,
}: {
  column: DataColumn<Row>;
  dir: false | 'asc' | 'desc';
  onSort: (sort: string) => void;
}) {
  const { sort } = c;
  const order = dir === 'asc' ? 'ascending' : dir === 'desc' ? 'descending' : 'none';
  return (
    <th scope="col" className={`${styles.th} ${c.right ? styles.right : ''}`} aria-sort={sort === undefined ? undefined : order}>
      {sort === undefined ? (
        c.head
      ) : (
        <button
          type="button"
          className={`${styles.sort} ${c.right ? styles.reverse : ''}`}
          onClick={() => onSort(dir === 'asc' ? `-${sort}` : sort)}
        >
          {c.head}
          <span className={styles.arrow} aria-hidden="true">
            {dir === 'asc' ? '↑' : dir === 'desc' ? '↓' : ''}
          </span>
        </button>
      )}
    </th>
  );
}
