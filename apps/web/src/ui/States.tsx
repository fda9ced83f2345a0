import type { ReactNode } from 'react';
import { Mark, type MarkKind } from './Mark.js';
import styles from './States.module.css';

export interface StateProps {
  title: string;
  children?: ReactNode;
  /** What can be done about it: links or buttons. */
  next?: ReactNode;
  /** The machine's own words, small. */
  detail?: string | null;
}

function State({ mark, kind, title, children, next, detail }: StateProps & { mark: MarkKind; kind: string }) {
  return (
    <section className={styles.state} data-testid={`state-${kind}`} role={kind === 'error' ? 'alert' : undefined}>
      <Mark kind={mark} size={18} />
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {detail && <p className={styles.detail}>{detail}</p>}
      {next && <div className={styles.next}>{next}</div>}
    </section>
  );
}

/** Nothing is there, and that is no fault. */
export const EmptyState = (p: StateProps) => <State kind="empty" mark="not-reached" {...p} />;
/** It could not be shown. */
export const ErrorState = (p: StateProps) => <State kind="error" mark="broken" {...p} />;
/** The person may not see it. */
export const ForbiddenState = (p: StateProps) => <State kind="forbidden" mark="away" {...p} />;

/** Rows that are not there yet: still lines, no spinner. */
export function LoadingRows({ rows = 8, label }: { rows?: number; label: string }) {
  return (
    <div className={styles.bars} role="status" aria-label={label} data-testid="state-loading">
      {Array.from({ length: rows }, (_, i) => (
        <div key={String(i)} className={styles.bar} style={{ '--w': `${88 - ((i * 37) % 40)}%` } as React.CSSProperties} />
      ))}
    </div>
  );
}
