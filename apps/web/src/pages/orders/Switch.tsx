import type { Role } from '@lockstep/core/fixes';
import type { OrderStopView } from '@lockstep/core/protocol';
import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { ApiError, asApiError, keys, putStop } from '../../live/index.js';
import styles from './Orders.module.css';
import { WORDS } from './words.js';

const W = WORDS.stop;
/** As the server takes it. */
const REASON_MAX = 300;

/** Stops all orders with one press: whoever needs it is in a hurry. The reason is asked for first. */
export function Switch({ stop, role }: { stop: OrderStopView; role: Role }) {
  const client = useQueryClient();
  const whyNot = useId();
  const [reason, setReason] = useState('');
  const [error, setError] = useState<string | null>(null);
  const put = useMutation({
    mutationFn: putStop,
    onSuccess: () => {
      setReason('');
      void client.invalidateQueries({ queryKey: keys.orderAudit });
      return client.invalidateQueries({ queryKey: keys.orders });
    },
    onError: (e) => setError(e instanceof ApiError ? (e.fields.reason ?? null) : null),
  });
  const forbidden = role === 'viewer' ? W.viewer : stop.stopped && role !== 'admin' ? W.technician : null;
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (forbidden || put.isPending) return;
    setError(reason.trim() === '' ? W.needReason : null);
    if (reason.trim() !== '') put.mutate({ stopped: !stop.stopped, reason: reason.trim() });
  };
  return (
    <section aria-labelledby="switch" data-testid="switch">
      <h2 id="switch">{W.title}</h2>
      <p className={styles.meaning}>{W.meaning}</p>
      <form className={styles.form} onSubmit={submit} noValidate>
        <TextInput
          label={stop.stopped ? W.reasonResume : W.reason}
          name="reason"
          maxLength={REASON_MAX}
          value={reason}
          disabled={forbidden !== null}
          onChange={(e) => setReason(e.currentTarget.value)}
          error={error}
        />
        <Button
          type="submit"
          variant={stop.stopped ? 'filled' : 'default'}
          aria-disabled={forbidden !== null || put.isPending}
          aria-describedby={forbidden ? whyNot : undefined}
          style={
            stop.stopped || forbidden ? undefined : { borderStyle: 'dashed', borderColor: 'var(--ls-broken)', color: 'var(--ls-broken)' }
          }
          data-disabled={forbidden !== null || undefined}
          data-testid="switch-orders"
        >
          {put.isPending ? W.going : stop.stopped ? W.resume : W.go}
        </Button>
      </form>
      {forbidden && (
        <p id={whyNot} className={styles.note}>
          {forbidden}
        </p>
      )}
      {put.error && !error && (
        <p className={styles.problem} role="alert">
          {W.failed}: {asApiError(put.error).detail ?? asApiError(put.error).title}
        </p>
      )}
    </section>
  );
}
