import { TICKET_PRIORITIES, type TicketPriority } from '@lockstep/core/tickets';
import { Mark } from '../../ui/index.js';
import styles from './marks.module.css';
import { WORDS } from './words.js';

const HEIGHTS = [4, 6.5, 9, 11.5];

/** Four bars, as many filled as it is urgent, and the word: neither colour nor shape stands alone. */
export function PriorityMark({ priority }: { priority: TicketPriority }) {
  const filled = TICKET_PRIORITIES.length - TICKET_PRIORITIES.indexOf(priority);
  const { word, means } = WORDS.priority[priority];
  return (
    <span className={styles.priority} data-priority={priority} title={means}>
      <svg viewBox="0 0 14 12" width={14} height={12} aria-hidden="true" focusable="false">
        {HEIGHTS.map((h, i) => (
          <rect key={h} x={i * 3.6} y={12 - h} width={2.4} height={h} rx={0.5} data-filled={i < filled || undefined} />
        ))}
      </svg>
      {word}
    </span>
  );
}

/** Open: a ring of the accent, for work to do; gone: waits to be closed; closed: a tick. */
export function StateMark({ state, size = 12 }: { state: 'open' | 'gone' | 'closed'; size?: number }) {
  if (state === 'gone') return <Mark kind="waiting" size={size} />;
  return (
    <svg viewBox="0 0 12 12" width={size} height={size} aria-hidden="true" focusable="false" style={{ flex: 'none', display: 'block' }}>
      {state === 'open' ? (
        <circle cx="6" cy="6" r="4.4" fill="none" stroke="var(--ls-accent)" strokeWidth="1.8" />
      ) : (
        <path
          d="M2 6.4l2.7 2.7L10 3.4"
          fill="none"
          stroke="var(--ls-ink-soft)"
          strokeWidth="1.6"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      )}
    </svg>
  );
}
