import { useSyncExternalStore } from 'react';

/** What is read out next; each text once. The counter makes a repeated text a new one. */
let spoken = { text: '', n: 0 };
const listeners = new Set<() => void>();

/** Has a screen reader say this once, when it is free to. */
export function announce(text: string): void {
  spoken = { text, n: spoken.n + 1 };
  for (const l of listeners) l();
}

/** The polite live region. One per page frame. */
export function Announcer() {
  const now = useSyncExternalStore(
    (l) => {
      listeners.add(l);
      return () => listeners.delete(l);
    },
    () => spoken,
  );
  return (
    <div role="status" aria-live="polite" aria-atomic="true" className="ls-visually-hidden" data-testid="announcer">
      <span key={now.n}>{now.text}</span>
    </div>
  );
}
