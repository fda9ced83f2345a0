import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { type MadeToken, tokensQuery } from '../../live/index.js';
import { LoadingRows } from '../../ui/index.js';
import { Problem } from '../Problem.js';
import { WORDS as FRAME } from '../words.js';
import styles from './Enrol.module.css';
import { Made } from './Made.js';
import { NewToken } from './NewToken.js';
import { Tokens } from './Tokens.js';
import { WORDS } from './words.js';

/** How computers come in: make a token, see it once, watch its uses. Who may not is told by the server, before any form. */
export function EnrolPage() {
  const list = useInfiniteQuery(tokensQuery);
  const [made, setMade] = useState<MadeToken | null>(null);
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
      {made ? <Made made={made} onDone={() => setMade(null)} /> : <NewToken onMade={setMade} />}
      <Tokens list={list} />
    </div>
  );
}
