import type { FleetSummary } from '@lockstep/core/protocol';
import type { ReactNode } from 'react';
import { Age, HEALTH_WORDS, Mark } from '../../ui/index.js';
import { fleetWords } from './counts.js';
import styles from './Fleet.module.css';
import { WORDS } from './words.js';

/** The fleet in one sentence. */
export function FleetHead({
  summary,
  search,
  csv,
  onClear,
}: {
  summary: FleetSummary | undefined;
  search: ReactNode;
  /** Where the list is to be had as CSV. */
  csv: string;
  /** Null when nothing is filtered. */
  onClear: (() => void) | null;
}) {
  if (!summary) {
    return (
      <header className={styles.head}>
        <div>
          <h1 className={styles.sentence}>{WORDS.loading}…</h1>
          <p className={styles.sub}>&nbsp;</p>
        </div>
        {search}
      </header>
    );
  }
  const w = fleetWords(summary);
  return (
    <header className={styles.head}>
      <div>
        <h1 className={styles.sentence} data-testid="fleet-sentence">
          <b>{w.head}</b>
          {w.counts.map((c, i) => (
            <span key={c.health}>
              {i === 0 ? ': ' : ', '}
              <span className={`${styles.count} ${styles[c.health]}`}>
                <Mark kind={c.health} size={14} />
                {c.n} {HEALTH_WORDS[c.health].word}
              </span>
            </span>
          ))}
          {w.away && <span>; {w.away}</span>}.
        </h1>
        <p className={styles.sub}>
          {WORDS.computers(summary.hosts.connected, summary.hosts.total)} · {WORDS.asOf} <Age at={summary.at} />
          {onClear && (
            <>
              {' '}
              · {WORDS.filtered}{' '}
              <button type="button" className={styles.linkish} onClick={onClear} data-testid="clear-filters">
                {WORDS.clear}
              </button>
            </>
          )}
        </p>
      </div>
      <div className={styles.tools}>
        {search}
        <a className={styles.csv} href={csv} download title={onClear ? WORDS.csvFiltered : WORDS.csvAll} data-testid="csv">
          {WORDS.csv}
        </a>
      </div>
    </header>
  );
}
