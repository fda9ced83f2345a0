import { printable } from '@lockstep/core/health';
import type { OrdersView } from '@lockstep/core/protocol';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ordersQuery, sessionQuery } from '../../live/index.js';
import { Age, LoadingRows, lengthWords, useTicking } from '../../ui/index.js';
import { Waiting } from '../approvals/index.js';
import { Problem } from '../Problem.js';
import { WORDS as FRAME } from '../words.js';
import { Keys } from './Keys.js';
import styles from './Orders.module.css';
import { Recent } from './Recent.js';
import { Switch } from './Switch.js';
import { WORDS } from './words.js';

/** What limits orders: the switch, the cap, the keys that sign them, and who changed any of it. */
export function OrdersPage() {
  const orders = useQuery(ordersQuery(true));
  const session = useQuery({ ...sessionQuery, refetchOnMount: false });
  const role = session.data?.person.role ?? 'viewer';
  useEffect(() => {
    document.title = `${WORDS.title} – ${FRAME.product}`;
  }, []);
  if (!orders.data) {
    return (
      <div className={styles.page}>
        {orders.isError ? <Problem error={orders.error} onRetry={() => void orders.refetch()} /> : <LoadingRows label={WORDS.loading} />}
      </div>
    );
  }
  const { stop, cap, keys } = orders.data;
  return (
    <div className={styles.page} data-testid="orders" data-stopped={stop.stopped || undefined}>
      <h1>
        <strong data-stopped={stop.stopped || undefined}>{stop.stopped ? WORDS.sentence.stopped : WORDS.sentence.run}</strong>{' '}
        {stop.stopped ? (
          <>
            {WORDS.sentence.who(printable(stop.by ?? ''), printable(stop.reason ?? ''))} (<Age at={stop.at} />)
          </>
        ) : (
          WORDS.sentence.cap(cap.used, cap.perHour)
        )}
      </h1>
      <Waiting />
      <Switch stop={stop} role={role} />
      <Cap cap={cap} />
      {role === 'admin' && <Keys hosts={keys} />}
      {role === 'admin' && <Recent />}
    </div>
  );
}

function Cap({ cap }: { cap: OrdersView['cap'] }) {
  const W = WORDS.cap;
  const freeAt = cap.freeAt === null ? null : Date.parse(cap.freeAt);
  const free = useTicking((now) => (freeAt === null || freeAt <= now ? W.now : W.in(lengthWords(freeAt - now))));
  return (
    <section aria-labelledby="cap" data-testid="cap">
      <h2 id="cap">{W.title}</h2>
      <p className={styles.meaning}>{W.meaning}</p>
      <dl className={styles.figures}>
        <div>
          <dt>{W.used}</dt>
          <dd data-testid="cap-used">
            {W.of(cap.used, cap.perHour)}
            <span className={styles.bar} data-full={cap.used >= cap.perHour || undefined} aria-hidden="true">
              <span style={{ width: `${Math.min(100, (100 * cap.used) / cap.perHour)}%` }} />
            </span>
          </dd>
        </div>
        <div>
          <dt>{W.waiting}</dt>
          <dd>{cap.waiting}</dd>
        </div>
        <div>
          <dt>{W.free}</dt>
          <dd>{free}</dd>
        </div>
      </dl>
      <p className={styles.note}>{W.where}</p>
    </section>
  );
}
