import type { Health, Presence } from '@lockstep/core/health';
import { Age } from './Age.js';
import { Mark } from './Mark.js';
import styles from './Sentence.module.css';
import { partsOf } from './sentences.js';

export interface SentenceProps {
  sentence: string;
  deviceName: string;
  hostName: string;
  health: Health;
  presence: Presence;
  since: string;
}

/** Subject, state, since when, why, next step: the first thing a page says. */
export function Sentence(p: SentenceProps) {
  const { subject, before, after } = partsOf(p);
  const here = p.presence === 'attached';
  const state = here && before.startsWith(`: ${p.health}`) ? p.health : null;
  return (
    <h1 className={styles.sentence} data-testid="sentence">
      {subject && (
        <span className={styles.subject}>
          <bdi>{subject.device}</bdi> on <bdi>{subject.host}</bdi>
        </span>
      )}
      {state ? (
        <>
          :{' '}
          <span className={styles[state]}>
            <span style={{ display: 'inline-block', marginInlineEnd: 6, transform: 'translateY(1px)' }}>
              <Mark kind={state} size={15} />
            </span>
            {state}
          </span>
          {before.slice(state.length + 2)}
        </>
      ) : (
        before
      )}
      {after !== null && (
        <>
          <Age at={p.since} form="for" />
          {after}
        </>
      )}
    </h1>
  );
}
