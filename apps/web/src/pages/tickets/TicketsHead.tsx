import type { TicketSummary } from '@lockstep/core/protocol';
import type { ReactNode } from 'react';
import { Age } from '../../ui/index.js';
import { ticketCounts } from './counts.js';
import { PriorityMark } from './marks.js';
import styles from './Tickets.module.css';
import { WORDS } from './words.js';

/** The open tickets in one sentence. */
export function TicketsHead({
  summary,
  search,
  onClear,
}: {
  summary: TicketSummary | undefined;
  search: ReactNode;
  /** Null when nothing is filtered. */
  onClear: (() => void) | null;
}) {
  const counts = summary && ticketCounts(summary);
  return (
    <header className={styles.head}>
      <div>
        <h1 className={styles.sentence} data-testid="tickets-sentence">
          {counts ? (
            <>
              <b>{counts.head}</b>
              {counts.priorities.map((c, i) => (
                <span key={c.priority}>
                  {i === 0 ? ': ' : ', '}
                  <span className={styles.count}>
                    {c.n} <PriorityMark priority={c.priority} />
                  </span>
                </span>
              ))}
              {counts.among.length > 0 && <span>; {counts.among.join(', ')}</span>}.
            </>
          ) : (
            <>{WORDS.loading}…</>
          )}
        </h1>
        <p className={styles.sub}>
          {summary ? (
            <>
              {WORDS.asOf} <Age at={summary.at} />
            </>
          ) : (
            ' '
          )}
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
      {search}
    </header>
  );
}
