import type { ReplayView } from '@lockstep/core/protocol';
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { cancelReplay, isUnderWay, keys, replaysQuery } from '../../live/index.js';
import { Age, LoadingRows, Name } from '../../ui/index.js';
import { Problem } from '../Problem.js';
import rows from '../Rows.module.css';
import { WORDS as FRAME } from '../words.js';
import { Found } from './Found.js';
import { NewTrial } from './NewTrial.js';
import styles from './Replay.module.css';
import { WORDS } from './words.js';

const C = WORDS.columns;

/** Trials of other rules on stored facts. Who may not see this is told by the server, before any form. */
export function ReplayPage() {
  const list = useQuery(replaysQuery);
  const [chosen, setChosen] = useState<string | null>(null);
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
  const { items } = list.data;
  const shown = items.find((r) => r.id === chosen) ?? items[0];
  return (
    <div className={styles.page}>
      <header>
        <h1>{WORDS.title}</h1>
        <p className={styles.lead}>{WORDS.lead}</p>
      </header>
      <NewTrial onAsked={(asked) => setChosen(asked.id)} />
      <section aria-labelledby="trials">
        <h2 id="trials">{WORDS.list.title}</h2>
        {items.length === 0 ? (
          <p className={styles.soft}>{WORDS.list.empty}</p>
        ) : (
          <div className={rows.scroll}>
            <table className={rows.table} data-testid="trials">
              <thead>
                <tr>
                  {[C.asked, C.by, C.what, C.state, C.progress, C.differences].map((word) => (
                    <th key={word} scope="col">
                      {word}
                    </th>
                  ))}
                  <th scope="col" aria-label={WORDS.show} />
                </tr>
              </thead>
              <tbody>
                {items.map((r) => (
                  <Trial key={r.id} of={r} isShown={r.id === shown?.id} onShow={() => setChosen(r.id)} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      {shown && <Found of={shown} />}
    </div>
  );
}

function Trial({ of: r, isShown, onShow }: { of: ReplayView; isShown: boolean; onShow: () => void }) {
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelReplay(r.id),
    onSettled: () => client.invalidateQueries({ queryKey: keys.replays }),
  });
  const changes = Array.isArray(r.overlay.rules) ? r.overlay.rules.length : 0;
  return (
    <tr data-testid="trial" aria-current={isShown || undefined}>
      <td>
        <Age at={r.askedAt} />
      </td>
      <td>
        <Name of={r.askedBy.name} />
      </td>
      <td>{WORDS.asks(changes + (r.overlay.software === undefined ? 0 : 1), WORDS.against[r.against])}</td>
      <td data-testid="trial-state">{WORDS.state[r.state]}</td>
      <td>
        <progress value={r.hostsDone} max={Math.max(1, r.hosts)} aria-label={C.progress} /> {r.hostsDone} / {r.hosts}
      </td>
      <td>{r.differences}</td>
      <td>
        {isUnderWay(r) ? (
          <Button variant="default" size="compact-xs" onClick={() => cancel.mutate()} disabled={cancel.isPending}>
            {WORDS.cancel}
          </Button>
        ) : (
          !isShown && (
            <Button variant="default" size="compact-xs" onClick={onShow}>
              {WORDS.show}
            </Button>
          )
        )}
      </td>
    </tr>
  );
}
