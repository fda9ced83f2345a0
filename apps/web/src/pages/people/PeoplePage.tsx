import { printable } from '@lockstep/core/health';
import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { type MadeLink, peopleQuery, sessionQuery } from '../../live/index.js';
import { LoadingRows, serverNow } from '../../ui/index.js';
import { CopyText } from '../CopyText.js';
import { Problem } from '../Problem.js';
import { WORDS as FRAME } from '../words.js';
import { AddPerson } from './AddPerson.js';
import styles from './People.module.css';
import { PeopleRows } from './PeopleRows.js';
import { WORDS } from './words.js';

const HOUR_MS = 3_600_000;

/** Who may sign in. Who may not see this is told by the server, before any form. */
export function PeoplePage() {
  const list = useInfiniteQuery(peopleQuery);
  const session = useQuery({ ...sessionQuery, refetchOnMount: false });
  const [made, setMade] = useState<MadeLink | null>(null);
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
  return (
    <div className={styles.page}>
      <header>
        <h1>{WORDS.title}</h1>
        <p className={styles.lead}>{WORDS.lead}</p>
      </header>
      {made ? <Link made={made} onDone={() => setMade(null)} /> : <AddPerson onMade={setMade} />}
      <section aria-labelledby="people">
        <h2 id="people">{WORDS.list.title}</h2>
        <PeopleRows people={list.data.pages.flatMap((p) => p.items)} you={session.data?.person.id ?? null} onMade={setMade} />
        {list.hasNextPage && (
          <Button variant="default" mt="md" size="xs" onClick={() => void list.fetchNextPage()}>
            {WORDS.list.more}
          </Button>
        )}
      </section>
    </div>
  );
}

/** The link, this once. Its secret stays behind the hash, which no browser sends to any server. */
function Link({ made, onDone }: { made: MadeLink; onDone: () => void }) {
  const W = WORDS.made;
  const hours = Math.round((Date.parse(made.expiresAt) - serverNow()) / HOUR_MS);
  return (
    <section className={styles.made} aria-labelledby="made-link" data-testid="made-link">
      <h2 id="made-link">{W.title(printable(made.person.name))}</h2>
      <p>{W.once(hours)}</p>
      <CopyText text={`${window.location.origin}/set-password#token=${made.token}`} label={W.link} testId="password-link" />
      <Button variant="default" onClick={onDone}>
        {W.done}
      </Button>
    </section>
  );
}
