import { printable } from '@lockstep/core/health';
import type { HostRow } from '@lockstep/core/protocol';
import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { DEFAULT_VIEW, hostsQuery, keys, revokeHost, searchOf, sessionQuery } from '../../live/index.js';
import { Age, day, EmptyState, HealthMark, LoadingRows, Mark, Name, OS_WORDS } from '../../ui/index.js';
import { Confirm } from '../Confirm.js';
import { Problem } from '../Problem.js';
import styles from '../Rows.module.css';
import { WORDS as FRAME } from '../words.js';
import { WORDS } from './words.js';

/** Every computer with an agent. */
export function HostsPage() {
  const list = useInfiniteQuery(hostsQuery);
  const session = useQuery({ ...sessionQuery, refetchOnMount: false });
  const admin = session.data?.person.role === 'admin';
  const hosts = list.data?.pages.flatMap((p) => p.items) ?? [];
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
  const c = WORDS.columns;
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>
          {WORDS.sentence(hosts.filter((h) => h.revokedAt === null).length, hosts.filter((h) => h.connected).length, list.hasNextPage)}
        </h1>
        {hosts.length > 0 && <Link to="/enrol">{WORDS.enrol}</Link>}
      </div>
      {hosts.length === 0 ? (
        <EmptyState title={WORDS.empty.title} next={<Link to="/enrol">{WORDS.empty.next}</Link>}>
          {WORDS.empty.text}
        </EmptyState>
      ) : (
        <div className={styles.scroll}>
          <table className={styles.table} data-testid="hosts">
            <thead>
              <tr>
                <th scope="col">{c.name}</th>
                <th scope="col">{c.connection}</th>
                <th scope="col">{c.health}</th>
                <th scope="col" className={styles.right}>
                  {c.pairs}
                </th>
                <th scope="col" className={styles.right}>
                  {c.findings}
                </th>
                <th scope="col">{c.os}</th>
                <th scope="col">{c.agent}</th>
                <th scope="col">{c.enrolled}</th>
                {admin && <th scope="col" aria-label={WORDS.revoke.go} />}
              </tr>
            </thead>
            <tbody>
              {hosts.map((h) => (
                <Host key={h.id} host={h} admin={admin} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list.hasNextPage && (
        <Button variant="default" mt="md" size="xs" onClick={() => void list.fetchNextPage()}>
          {WORDS.more}
        </Button>
      )}
    </div>
  );
}

function Host({ host: h, admin }: { host: HostRow; admin: boolean }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => revokeHost(h.id),
    onSuccess: () => {
      setAsking(false);
      return client.invalidateQueries({ queryKey: keys.hosts });
    },
  });
  const off = h.revokedAt !== null;
  return (
    <tr data-testid="host-row" data-off={off || undefined}>
      <td>
        <span className={styles.name}>
          <Name of={h.name} fallback={h.id} />
        </span>
      </td>
      <td>
        <span className={styles.connection}>
          <Mark kind={off ? 'away' : h.connected ? 'ok' : 'not-reached'} size={10} />
          {off ? (
            <>
              {WORDS.revoked} <Age at={h.revokedAt} />
            </>
          ) : h.connected ? (
            WORDS.connected
          ) : (
            <span className={styles.soft}>
              {h.lastContactAt ? (
                <>
                  {WORDS.lastContact} <Age at={h.lastContactAt} look />
                </>
              ) : (
                WORDS.never
              )}
            </span>
          )}
        </span>
      </td>
      <td>{off ? <span className={styles.faint}>–</span> : <HealthMark health={h.health} />}</td>
      <td className={styles.right}>
        {h.pairs > 0 ? (
          <Link to="/" search={searchOf({ ...DEFAULT_VIEW, host: h.id })} title={WORDS.showPairs(h.pairs)}>
            {h.pairs}
          </Link>
        ) : (
          <span className={styles.faint}>0</span>
        )}
      </td>
      <td className={styles.right}>{h.openFindings > 0 ? h.openFindings : <span className={styles.faint}>0</span>}</td>
      <td className={styles.soft}>
        {OS_WORDS[h.os]} <Name of={h.osVersion} fallback="" /> · <Name of={h.arch} fallback="" />
      </td>
      <td className={styles.soft}>
        <Name of={h.agent} fallback="–" />
      </td>
      <td className={styles.soft}>
        <time dateTime={h.enrolledAt}>{day(h.enrolledAt)}</time>
      </td>
      {admin && (
        <td className={styles.right}>
          {!off && (
            <button type="button" className={styles.quiet} onClick={() => setAsking(true)}>
              {WORDS.revoke.go}
            </button>
          )}
          <Confirm
            opened={asking}
            title={WORDS.revoke.title(printable(h.name))}
            text={WORDS.revoke.text}
            yes={WORDS.revoke.yes}
            no={WORDS.revoke.no}
            busy={revoke.isPending}
            failed={revoke.error ? { words: WORDS.revoke.failed, error: revoke.error } : null}
            onYes={() => !revoke.isPending && revoke.mutate()}
            onNo={() => setAsking(false)}
          />
        </td>
      )}
    </tr>
  );
}
