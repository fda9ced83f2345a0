import type { OrderKeyView, OrdersView } from '@lockstep/core/protocol';
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { endOrderKey, idempotencyKey, keys, orderKeysQuery, rotateOrderKey } from '../../live/index.js';
import { Age, absolute, day, LoadingRows, Mark } from '../../ui/index.js';
import { Confirm } from '../Confirm.js';
import { Problem } from '../Problem.js';
import rows from '../Rows.module.css';
import styles from './Orders.module.css';
import { WORDS } from './words.js';

const W = WORDS.keys;

/** The keys that sign orders: the one used now, and those in overlap. */
export function Keys({ hosts }: { hosts: OrdersView['keys'] }) {
  const client = useQueryClient();
  const list = useQuery(orderKeysQuery);
  const [asking, setAsking] = useState(false);
  const key = useRef(idempotencyKey());
  const rotate = useMutation({
    mutationFn: () => rotateOrderKey(key.current),
    onSuccess: () => {
      key.current = idempotencyKey();
      setAsking(false);
      void client.invalidateQueries({ queryKey: keys.orderAudit });
      return client.invalidateQueries({ queryKey: keys.orderKeys });
    },
  });
  const items = list.data?.items ?? [];
  /** What ends with a key: itself and those before it, which are those behind it in the list. */
  const upTo = (at: number) => {
    const ids = new Set(items.slice(at).map((k) => k.keyId));
    return hosts.reduce((sum, h) => sum + (ids.has(h.keyId) ? h.hosts : 0), 0);
  };
  return (
    <section aria-labelledby="order-keys" data-testid="order-keys">
      <div className={styles.head}>
        <h2 id="order-keys">{W.title}</h2>
        <Button variant="default" size="xs" onClick={() => setAsking(true)} data-testid="rotate">
          {W.rotate}
        </Button>
      </div>
      <p className={styles.meaning}>{W.meaning}</p>
      {!list.data ? (
        list.isError ? (
          <Problem error={list.error} onRetry={() => void list.refetch()} />
        ) : (
          <LoadingRows rows={2} label={W.loading} />
        )
      ) : (
        <div className={rows.scroll}>
          <table className={rows.table}>
            <thead>
              <tr>
                <th scope="col">{W.columns.id}</th>
                <th scope="col">{W.columns.state}</th>
                <th scope="col">{W.columns.since}</th>
                <th scope="col">{W.columns.until}</th>
                <th scope="col" className={rows.right}>
                  {W.columns.hosts}
                </th>
                <th scope="col" aria-label={W.end} />
              </tr>
            </thead>
            <tbody>
              {items.map((k, at) => (
                <Key key={k.keyId} of={k} hosts={hosts.find((h) => h.keyId === k.keyId)?.hosts ?? 0} ending={upTo(at)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Confirm
        opened={asking}
        title={W.rotating.title}
        text={W.rotating.text}
        yes={W.rotating.yes}
        no={W.rotating.no}
        busy={rotate.isPending}
        failed={rotate.error ? { words: W.rotating.failed, error: rotate.error } : null}
        onYes={() => !rotate.isPending && rotate.mutate()}
        onNo={() => setAsking(false)}
      />
    </section>
  );
}

function Key({ of: k, hosts, ending }: { of: OrderKeyView; hosts: number; ending: number }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const end = useMutation({
    mutationFn: () => endOrderKey(k.keyId),
    onSuccess: () => {
      setAsking(false);
      for (const queryKey of [keys.orderAudit, keys.orders]) void client.invalidateQueries({ queryKey });
      return client.invalidateQueries({ queryKey: keys.orderKeys });
    },
  });
  const current = k.state === 'current';
  return (
    <tr data-testid="order-key" data-state={k.state}>
      <td className="ls-mono" title={k.fingerprint}>
        {k.keyId}
      </td>
      <td>
        <span className={rows.connection}>
          <Mark kind={current ? 'ok' : 'away'} size={10} />
          {W.state[k.state]}
        </span>
      </td>
      <td className={rows.soft}>{k.since === null ? W.first : <Age at={k.since} />}</td>
      <td className={rows.soft} title={k.until === null ? undefined : absolute(k.until)}>
        {k.until === null ? W.open : day(k.until)}
      </td>
      <td className={rows.right}>{hosts > 0 ? hosts : <span className={rows.faint}>0</span>}</td>
      <td className={rows.right}>
        {!current && (
          <button type="button" className={rows.quiet} onClick={() => setAsking(true)}>
            {W.end}
          </button>
        )}
        <Confirm
          opened={asking}
          title={W.ending.title(k.keyId)}
          text={W.ending.text(ending)}
          yes={W.ending.yes}
          no={W.ending.no}
          busy={end.isPending}
          failed={end.error ? { words: W.ending.failed, error: end.error } : null}
          onYes={() => !end.isPending && end.mutate()}
          onNo={() => setAsking(false)}
        />
      </td>
    </tr>
  );
}
