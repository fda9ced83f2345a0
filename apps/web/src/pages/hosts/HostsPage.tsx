import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo } from 'react';
import { EVERY_HOST, type HostView, hostSearchOf, hostsQuery, parseHostView, sessionQuery } from '../../live/index.js';
import { EmptyState, LoadingRows } from '../../ui/index.js';
import { Problem } from '../Problem.js';
import styles from '../Rows.module.css';
import { WORDS as FRAME } from '../words.js';
import { HostFilters } from './HostFilters.js';
import { HostRows } from './HostRows.js';
import { WORDS } from './words.js';

/** Every computer with an agent; the address says which are shown. */
export function HostsPage() {
  const navigate = useNavigate();
  const search = useSearch({ from: '/frame/hosts' });
  const view = useMemo(() => parseHostView(search), [search]);
  const list = useInfiniteQuery(hostsQuery(view));
  const session = useQuery({ ...sessionQuery, refetchOnMount: false });
  const hosts = list.data?.pages.flatMap((p) => p.items) ?? [];
  const filtered = view.state !== null || view.cause !== null || view.q !== '';
  const show = (next: HostView, replace = false) => void navigate({ to: '/hosts', search: hostSearchOf(next), replace });
  useEffect(() => {
    document.title = `${WORDS.title} – ${FRAME.product}`;
  }, []);
  if (list.data === undefined) {
    return (
      <div className={styles.page}>
        {list.isError ? <Problem error={list.error} onRetry={() => void list.refetch()} /> : <LoadingRows label={WORDS.loading} />}
      </div>
    );
  }
  const isNobody = hosts.length === 0 && !filtered;
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>
          {filtered
            ? WORDS.found(hosts.length, list.hasNextPage)
            : WORDS.sentence(hosts.filter((h) => h.revokedAt === null).length, hosts.filter((h) => h.connected).length, list.hasNextPage)}
        </h1>
        {!isNobody && <Link to="/enrol">{WORDS.enrol}</Link>}
      </div>
      {!isNobody && <HostFilters view={view} onChange={show} />}
      {isNobody ? (
        <EmptyState title={WORDS.empty.title} next={<Link to="/enrol">{WORDS.empty.next}</Link>}>
          {WORDS.empty.text}
        </EmptyState>
      ) : hosts.length === 0 ? (
        <EmptyState
          title={WORDS.none.title}
          next={
            <Button size="xs" variant="default" onClick={() => show(EVERY_HOST)}>
              {WORDS.none.next}
            </Button>
          }
        >
          {WORDS.none.text}
        </EmptyState>
      ) : (
        <HostRows hosts={hosts} admin={session.data?.person.role === 'admin'} />
      )}
      {list.hasNextPage && (
        <Button variant="default" mt="md" size="xs" onClick={() => void list.fetchNextPage()}>
          {WORDS.more}
        </Button>
      )}
    </div>
  );
}
