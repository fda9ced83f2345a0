import type { Health, Presence } from '@lockstep/core/health';
import styles from './HealthMark.module.css';
import { Mark } from './Mark.js';
import { HEALTH_WORDS, PRESENCE_WORDS } from './vocabulary.js';

export interface HealthMarkProps {
  health: Health;
  /** An away pair keeps its last verdict: the mark is an outline and the verdict is told as past. */
  presence?: Presence;
  loud?: boolean;
}

/** Shape, colour and word, always together. */
export function HealthMark({ health, presence = 'attached', loud = false }: HealthMarkProps) {
  const here = presence === 'attached';
  const title = here
    ? HEALTH_WORDS[health].means
    : `${PRESENCE_WORDS[presence]}; when last attached: ${HEALTH_WORDS[health].word}. Counted in no health total.`;
  return (
    <span
      className={[styles.mark, here ? styles[health] : styles.away, loud ? styles.loud : ''].join(' ')}
      title={title}
      data-health={health}
      data-presence={presence}
    >
      <Mark kind={here ? health : 'away'} />
      {here ? HEALTH_WORDS[health].word : PRESENCE_WORDS[presence]}
    </span>
  );
}
