import type { ReactNode } from 'react';
import styles from './Chip.module.css';

export interface ChipProps {
  pressed: boolean;
  onToggle: () => void;
  children: ReactNode;
  /** Null: not known (yet). */
  count?: number | null;
  title?: string;
  testId?: string;
}

/** A filter that is on or off, with the count it would leave. */
export function Chip({ pressed, onToggle, children, count, title, testId }: ChipProps) {
  return (
    <button
      type="button"
      className={`${styles.chip} ${count === 0 && !pressed ? styles.zero : ''}`}
      aria-pressed={pressed}
      onClick={onToggle}
      title={title}
      data-testid={testId}
    >
      {children}
      {count !== undefined && <span className={styles.count}>{count ?? '–'}</span>}
    </button>
  );
}
