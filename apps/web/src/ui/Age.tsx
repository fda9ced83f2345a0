import { MAX_AGE_MS } from '@lockstep/core/diagnosis';
import { useTicking } from './clock.js';
import { absolute, agoWords, forWords, lengthWords } from './lengths.js';

const FORMS = { ago: agoWords, for: forWords, bare: lengthWords } as const;

export interface AgeProps {
  /** ISO 8601; null: never. */
  at: string | null;
  /** `12 s ago`, `for 12 s` or `12 s`. */
  form?: keyof typeof FORMS;
  /** What is shown when there is no time. */
  never?: string;
  /** The age of a look: fades once readings that old prove nothing any more. */
  look?: boolean;
}

/** An age that ticks. The absolute time, in the reader's zone, on hover. */
export function Age({ at, form = 'ago', never = 'never', look = false }: AgeProps) {
  const ms = at === null ? Number.NaN : Date.parse(at);
  const words = useTicking((now) => (Number.isNaN(ms) ? never : FORMS[form](now - ms)));
  const stale = useTicking((now) => look && !(now - ms < MAX_AGE_MS));
  if (at === null || Number.isNaN(ms)) return <span data-stale={look || undefined}>{never}</span>;
  return (
    <time dateTime={at} title={absolute(at)} data-stale={stale || undefined}>
      {words}
    </time>
  );
}
