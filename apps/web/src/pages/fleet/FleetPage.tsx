import type { PairRow } from '@lockstep/core/protocol';
import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import {
  csvUrl,
  DEFAULT_VIEW,
  type FleetView,
  isFiltered,
  keys,
  matches,
  pairsQuery,
  parseView,
  type Sort,
  searchOf,
  summaryQuery,
  useRowMemory,
  useWatch,
} from '../../live/index.js';
import { DataTable, type DataTableHandle, EmptyState, LoadingRows, useCommands, useMedia } from '../../ui/index.js';
import { Problem } from '../Problem.js';
import { WORDS as FRAME } from '../words.js';
import { columnsOf, NarrowRow } from './columns.js';
import { fleetSentence } from './counts.js';
import styles from './Fleet.module.css';
import { FleetFilters, FleetSearchField } from './FleetFilters.js';
import { FleetHead } from './FleetHead.js';
import { RowMenu } from './RowMenu.js';
import { WORDS } from './words.js';

const ROW_PX = 34;
const NARROW_ROW_PX = 62;
const rowId = (row: PairRow) => row.id;

/** Every pair; the address is the state. */
export function FleetPage() {
  useWatch(null);
  const client = useQueryClient();
  const memory = useRowMemory();
  const navigate = useNavigate();
  const search = useSearch({ from: '/frame/' });
  const view = useMemo(() => parseView(search), [search]);
  const summary = useQuery(summaryQuery).data;
  const list = useInfiniteQuery(pairsQuery(view, memory));
  const offered = useQuery<string[]>({ queryKey: keys.offered(view), enabled: false, initialData: [] }).data;
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.items) ?? [], [list.data]);
  const [menu, setMenu] = useState<string | null>(null);
  const searchRef = useRef<HTMLInputElement>(null);
  const table = useRef<DataTableHandle>(null);
  const narrow = useMedia('(max-width: 760px)');
  const tight = useMedia('(max-width: 1240px)');

  const show = useCallback(
    (next: FleetView, replace = false) => void navigate({ to: '/', search: searchOf(next), replace, resetScroll: !replace }),
    [navigate],
  );
  const open = useCallback((row: PairRow) => void navigate({ to: '/pairs/$pairId', params: { pairId: row.id } }), [navigate]);
  const gone = useCallback((row: PairRow) => !matches(row, view), [view]);
  const columns = useMemo(
    () =>
      columnsOf(
        { gone, actions: (row) => <RowMenu row={row} view={view} opened={menu === row.id} onOpened={(o) => setMenu(o ? row.id : null)} /> },
        tight,
      ),
    [gone, menu, tight, view],
  );
  useCommands({
    search: () => {
      searchRef.current?.focus();
      searchRef.current?.select();
    },
    next: () => table.current?.move(1),
    previous: () => table.current?.move(-1),
    open: () => table.current?.open(),
    actions: () => setMenu(table.current?.current() ?? rows[0]?.id ?? null),
  });
  useEffect(() => {
    document.title = summary ? `${fleetSentence(summary)} ${FRAME.product}` : FRAME.product;
  }, [summary]);

  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;
  const more = useCallback(() => {
    if (!isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage, isFetchNextPageError]);

  const showNew = () => {
    client.setQueryData(keys.offered(view), []);
    void list.refetch();
  };
  const foot = isFetchNextPageError ? (
    <>
      {WORDS.moreFailed}{' '}
      <button type="button" className={styles.linkish} onClick={() => void fetchNextPage()}>
        {FRAME.retry}
      </button>
    </>
  ) : hasNextPage ? (
    WORDS.more
  ) : (
    WORDS.end(rows.length)
  );

  return (
    <>
      <FleetHead
        summary={summary}
        csv={csvUrl(view)}
        onClear={isFiltered(view) ? () => show({ ...DEFAULT_VIEW, sort: view.sort }) : null}
        search={<FleetSearchField view={view} onChange={show} searchRef={searchRef} />}
      />
      <FleetFilters view={view} summary={summary} hostName={rows.find((r) => r.hostId === view.host)?.hostName ?? null} onChange={show} />
      {offered.length > 0 && (
        <div className={styles.offer}>
          <button type="button" className={styles.linkish} onClick={showNew} data-testid="show-new">
            {WORDS.showNew(offered.length)}
          </button>
        </div>
      )}
      {list.isError && rows.length === 0 ? (
        <div className={styles.pad}>
          <Problem error={list.error} onRetry={() => void list.refetch()} />
        </div>
      ) : list.data === undefined ? (
        <div className={styles.pad}>
          <LoadingRows rows={12} label={WORDS.loading} />
        </div>
      ) : rows.length === 0 ? (
        <div className={styles.pad}>
          <Nothing view={view} hosts={summary?.hosts.total ?? 0} onClear={() => show({ ...DEFAULT_VIEW, sort: view.sort })} />
        </div>
      ) : (
        <DataTable
          label={WORDS.table}
          rows={rows}
          rowId={rowId}
          columns={columns}
          sort={view.sort}
          onSort={(sort) => show({ ...view, sort: sort as Sort })}
          rowHeight={narrow ? NARROW_ROW_PX : ROW_PX}
          narrow={narrow ? (row) => <NarrowRow row={row} gone={gone(row)} /> : null}
          dimmed={gone}
          onOpen={open}
          hasMore={hasNextPage}
          onMore={more}
          foot={foot}
          handle={table}
        />
      )}
    </>
  );
}

/** No rows: because of the filters, because no phone was plugged in yet, or because no computer is enrolled. */
function Nothing({ view, hosts, onClear }: { view: FleetView; hosts: number; onClear: () => void }) {
  if (isFiltered(view)) {
    return (
      <EmptyState
        title={WORDS.noneMatch.title}
        next={
          <Button size="xs" variant="default" onClick={onClear}>
            {WORDS.noneMatch.next}
          </Button>
        }
      >
        {WORDS.noneMatch.text}
      </EmptyState>
    );
  }
  if (hosts > 0) {
    return (
      <EmptyState title={WORDS.noPhones.title} next={<Link to="/hosts">{WORDS.noPhones.next}</Link>}>
        {WORDS.noPhones.text(hosts)}
      </EmptyState>
    );
  }
  return (
    <EmptyState title={WORDS.empty.title} next={<Link to="/enrol">{WORDS.empty.next}</Link>}>
      {WORDS.empty.text}
    </EmptyState>
  );
}
