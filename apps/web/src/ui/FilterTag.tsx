import type { ReactNode } from 'react';
import styles from './FilterTag.module.css';

/** A filter that came by a link, with its way out. */
export function FilterTag({
  label,
  remove,
  children,
  onRemove,
}: {
  label: string;
  remove: string;
  children: ReactNode;
  onRemove: () => void;
}) {
  return (
    <span className={styles.tag}>
      <span className={styles.label}>{label}:</span> {children}
      <button type="button" aria-label={remove} onClick={onRemove}>
        ×
      </button>
    </span>
  );
}
