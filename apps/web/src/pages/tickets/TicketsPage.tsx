import type { TicketRow } from '@lockstep/core/protocol';
import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import {
  DEFAULT_TICKETS,
  isTicketsFiltered,
  keys,
  MAX_Q,
  parseTickets,
  sessionQuery,
  type TicketSort,
  type TicketsView,
  ticketMatches,
  ticketSummaryQuery,
  ticketsQuery,
  ticketsSearch,
  useTicketMemory,
  useWatchTickets,
} from '../../live/index.js';
import { DataTable, type DataTableHandle, EmptyState, LoadingRows, SearchField, useCommands, useMedia } from '../../ui/index.js';
import { Problem } from '../Problem.js';
import { WORDS as FRAME } from '../words.js';
import { columnsOf, NarrowRow } from './columns.js';
import { countsSentence } from './counts.js';
import { TicketFilters } from './TicketFilters.js';
import styles from './Tickets.module.css';
import { TicketsHead } from './TicketsHead.js';
import { WORDS } from './words.js';

const ROW_PX = 34;
const NARROW_ROW_PX = 62;
const rowId = (row: TicketRow) => row.id;

/** Tickets; the address is the state. */
export function TicketsPage() {
  useWatchTickets(null);
  const client = useQueryClient();
  const memory = useTicketMemory();
  const navigate = useNavigate();
  const search = useSearch({ from: '/frame/tickets' });
  const view = useMemo(() => parseTickets(search), [search]);
  const summary = useQuery(ticketSummaryQuery).data;
  const me = useQuery({ ...sessionQuery, refetchOnMount: false }).data?.person.id ?? null;
  const list = useInfiniteQuery(ticketsQuery(view, memory));
  const offered = useQuery<string[]>({ queryKey: keys.ticketsOffered(view), enabled: false, initialData: [] }).data;
  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.items) ?? [], [list.data]);
  const searchRef = useRef<HTMLInputElement>(null);
  const table = useRef<DataTableHandle>(null);
  const narrow = useMedia('(max-width: 760px)');
  const tight = useMedia('(max-width: 1240px)');

  const show = useCallback(
    (next: TicketsView, replace = false) => void navigate({ to: '/tickets', search: ticketsSearch(next), replace, resetScroll: !replace }),
    [navigate],
  );
  const open = useCallback((row: TicketRow) => void navigate({ to: '/tickets/$ticketId', params: { ticketId: row.id } }), [navigate]);
  // The host's own tickets are listed for a pair too, and only the server knows which: they are not called strangers.
  const gone = useCallback((row: TicketRow) => !ticketMatches(row, { ...view, pair: null }, me), [view, me]);
  const columns = useMemo(() => columnsOf(gone, tight), [gone, tight]);
  useCommands({
    search: () => {
      searchRef.current?.focus();
      searchRef.current?.select();
    },
    next: () => table.current?.move(1),
    previous: () => table.current?.move(-1),
    open: () => table.current?.open(),
  });
  useEffect(() => {
    document.title = summary ? `${countsSentence(summary)} ${FRAME.product}` : `${WORDS.title} – ${FRAME.product}`;
  }, [summary]);

  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;
  const more = useCallback(() => {
    if (!isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage, isFetchNextPageError]);
  const clear = () => show({ ...DEFAULT_TICKETS, sort: view.sort });
  const showNew = () => {
    client.setQueryData(keys.ticketsOffered(view), []);
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
      <TicketsHead
        summary={summary}
        onClear={isTicketsFiltered(view) ? clear : null}
        search={
          <SearchField
            value={view.q}
            onSearch={(q) => show({ ...view, q }, true)}
            label={WORDS.search}
            maxLength={MAX_Q}
            className={styles.search}
            inputRef={searchRef}
          />
        }
      />
      <TicketFilters view={view} summary={summary} hostName={rows.find((r) => r.hostId === view.host)?.hostName ?? null} onChange={show} />
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
          <Nothing view={view} onClear={clear} />
        </div>
      ) : (
        <DataTable
          label={WORDS.table}
          rows={rows}
          rowId={rowId}
          columns={columns}
          sort={view.sort}
          onSort={(sort) => show({ ...view, sort: sort as TicketSort })}
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

/** No rows: because of the filters, or because nothing lasted long enough. */
function Nothing({ view, onClear }: { view: TicketsView; onClear: () => void }) {
  if (isTicketsFiltered(view)) {
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
  return (
    <EmptyState title={WORDS.empty.title} next={<Link to="/">{WORDS.empty.next}</Link>}>
      {WORDS.empty.text}
    </EmptyState>
  );
}
