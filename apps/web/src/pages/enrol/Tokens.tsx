import { Button } from '@mantine/core';
import { type InfiniteData, type UseInfiniteQueryResult, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { keys, revokeToken, type TokenView } from '../../live/index.js';
import { Age, absolute, lengthWords, Mark, Name, useTicking } from '../../ui/index.js';
import { Confirm } from '../Confirm.js';
import styles from '../Rows.module.css';
import { WORDS } from './words.js';

const W = WORDS.list;

export interface TokensProps {
  list: UseInfiniteQueryResult<InfiniteData<{ items: TokenView[]; next: string | null }>>;
}

/** Tokens made so far, newest first, with what each is still worth. */
export function Tokens({ list }: TokensProps) {
  const tokens = list.data?.pages.flatMap((p) => p.items) ?? [];
  const c = W.columns;
  return (
    <section aria-labelledby="tokens">
      <h2 id="tokens">{W.title}</h2>
      {tokens.length === 0 ? (
        <p className={styles.soft}>{W.none}</p>
      ) : (
        <div className={styles.scroll}>
          <table className={styles.table} data-testid="tokens">
            <thead>
              <tr>
                <th scope="col">{c.note}</th>
                <th scope="col">{c.state}</th>
                <th scope="col" className={styles.right}>
                  {c.uses}
                </th>
                <th scope="col">{c.expires}</th>
                <th scope="col">{c.used}</th>
                <th scope="col">{c.made}</th>
                <th scope="col" aria-label={W.revoke} />
              </tr>
            </thead>
            <tbody>
              {tokens.map((t) => (
                <Token key={t.id} token={t} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list.hasNextPage && (
        <Button variant="default" mt="md" size="xs" onClick={() => void list.fetchNextPage()}>
          {W.more}
        </Button>
      )}
    </section>
  );
}

function Token({ token: t }: { token: TokenView }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const end = Date.parse(t.expiresAt);
  const left = useTicking((now) => (now < end ? W.until(lengthWords(end - now)) : W.over));
  const revoke = useMutation({
    mutationFn: () => revokeToken(t.id),
    onSuccess: () => {
      setAsking(false);
      return client.invalidateQueries({ queryKey: keys.tokens });
    },
  });
  const usable = t.state === 'usable';
  return (
    <tr data-testid="token-row" data-off={!usable || undefined}>
      <td>{t.note.trim() === '' ? <span className={styles.faint}>{W.noNote}</span> : <Name of={t.note} />}</td>
      <td>
        <span className={styles.connection}>
          <Mark kind={usable ? 'ok' : 'not-reached'} size={10} />
          {W.state[t.state]}
        </span>
      </td>
      <td className={styles.right}>{W.of(t.usesLeft, t.uses)}</td>
      <td title={absolute(t.expiresAt)}>{usable || t.state === 'used-up' ? left : W.over}</td>
      <td>
        <Age at={t.lastUsedAt} never={W.neverUsed} />
      </td>
      <td>
        <Age at={t.createdAt} />
      </td>
      <td className={styles.right}>
        {usable && (
          <button type="button" className={styles.quiet} onClick={() => setAsking(true)}>
            {W.revoke}
          </button>
        )}
        <Confirm
          opened={asking}
          title={W.revoking.title}
          text={W.revoking.text}
          yes={W.revoking.yes}
          no={W.revoking.no}
          busy={revoke.isPending}
          failed={revoke.error ? { words: W.revoking.failed, error: revoke.error } : null}
          onYes={() => !revoke.isPending && revoke.mutate()}
          onNo={() => setAsking(false)}
        />
      </td>
    </tr>
  );
}
