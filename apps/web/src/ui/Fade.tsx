import { MAX_AGE_MS } from '@lockstep/core/diagnosis';
import type { ReactNode } from 'react';
import { useTicking } from './clock.js';

/** Fades what was looked at too long ago to prove anything: no green stays fresh because nobody looks any more. */
export function Fade({ at, children }: { at: string | null; children: ReactNode }) {
  const ms = at === null ? Number.NaN : Date.parse(at);
  const old = useTicking((now) => !(now - ms < MAX_AGE_MS));
  return (
    <span className="ls-fade" data-old={old || undefined}>
      {children}
    </span>
  );
}
