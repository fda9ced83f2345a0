import { printable } from '@lockstep/core/health';
import type { SoftwareView } from '@lockstep/core/protocol';
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useRef } from 'react';
import { asApiError, idempotencyKey, keys, refreshSoftware } from '../../live/index.js';
import { Age, Mark } from '../../ui/index.js';
import rows from '../Rows.module.css';
import styles from './Software.module.css';
import { WORDS } from './words.js';

const W = WORDS.feeds;

/** The lists: how old each is, and what went wrong. */
export function Feeds({ view, admin }: { view: SoftwareView; admin: boolean }) {
  const client = useQueryClient();
  const whyNot = useId();
  const key = useRef(idempotencyKey());
  const refresh = useMutation({
    mutationFn: () => refreshSoftware(key.current),
    onSettled: () => {
      key.current = idempotencyKey();
    },
    onSuccess: (read) => {
      client.setQueryData(keys.software, read);
      return Promise.all([
        client.invalidateQueries({ queryKey: keys.softwareModels }),
        client.invalidateQueries({ queryKey: keys.compatibilities }),
      ]);
    },
  });
  const forbidden = view.mode === 'off' ? W.off : admin ? null : W.admin;
  return (
    <section aria-labelledby="feeds" data-testid="software-feeds">
      <div className={styles.head}>
        <h2 id="feeds">{W.title}</h2>
        <Button
          variant="default"
          size="xs"
          aria-disabled={forbidden !== null || refresh.isPending}
          aria-describedby={forbidden ? whyNot : undefined}
          data-disabled={forbidden !== null || undefined}
          title={forbidden ?? undefined}
          onClick={() => forbidden === null && !refresh.isPending && refresh.mutate()}
          data-testid="refresh-software"
        >
          {refresh.isPending ? W.refreshing : W.refresh}
        </Button>
      </div>
      <p className={styles.meaning}>{W.meaning(view.staleAfterHours)}</p>
      <div className={rows.scroll}>
        <table className={rows.table}>
          <thead>
            <tr>
              <th scope="col">{W.columns.feed}</th>
              <th scope="col">{W.columns.checked}</th>
              <th scope="col">{W.columns.read}</th>
              <th scope="col">{W.columns.state}</th>
            </tr>
          </thead>
          <tbody>
            {view.feeds.map((f) => (
              <tr key={f.feed} data-testid="software-feed" data-feed={f.feed} data-stale={f.staleSince !== null || undefined}>
                <td title={f.url}>{W.names[f.feed]}</td>
                <td>
                  <Age at={f.checkedAt} never={W.never} />
                </td>
                <td className={rows.soft}>{f.bundled ? W.bundled : <Age at={f.fetchedAt} never={W.never} />}</td>
                <td className={styles.wide}>
                  <span className={rows.connection}>
                    <Mark kind={f.staleSince !== null ? 'unknown' : f.failure ? 'degraded' : 'ok'} size={10} />
                    {f.staleSince !== null ? W.stale : f.failure ? W.failed : W.fine}
                  </span>
                  {f.failure && (
                    <span className={styles.small}>
                      {W.failing(printable(f.failure.problem))} <Age at={f.failure.since} form="for" />.
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {forbidden && (
        <p id={whyNot} className={styles.note}>
          {forbidden}
        </p>
      )}
      {refresh.error && (
        <p className={rows.problem} role="alert">
          {W.notRead}: {asApiError(refresh.error).detail ?? asApiError(refresh.error).title}
        </p>
      )}
    </section>
  );
}
