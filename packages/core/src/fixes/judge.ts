import { type CauseId, type Health, type Layer, layerHeight, type Presence } from '../health/index.js';

/** What the agent says it did. It never says whether that helped: the facts do. */
export const MECHANICS = [
  /** Every step was carried out. */
  'done',
  /** The agent's own precondition or cap said no; nothing was touched. */
  'refused',
  /** A step failed; what was changed was rolled back or needs none. */
  'failed',
  /** A person was awaited and did not act in time. */
  'not-acted',
  /** Found half done after a crash: never repeated by itself. */
  'unknown',
] as const;
export type Mechanics = (typeof MECHANICS)[number];

/** The pair (or the host) at one moment, as far as judging goes. */
export interface Snapshot {
  presence: Presence;
  health: Health;
  /** Causes open on it, host causes included. */
  openCauses: readonly CauseId[];
  /** The lowest rung that is broken, null when none is. */
  brokenLayer: Layer | null;
}

export const VERDICTS = ['cured', 'unchanged', 'worse', 'waiting', 'unknown'] as const;
/** What the facts say about a run. `waiting` names for whom. */
export type Verdict = { verdict: 'cured' | 'unchanged' | 'worse' | 'unknown' } | { verdict: 'waiting'; for: 'holder' | 'staff' };

/**
 * Judges a run by the facts before and after it. `cured`: the treated cause is closed, which takes positive proof. `worse`: a lower
 * rung is broken now. An absent phone, an unknown reading or half-done mechanics is `unknown`, never a success.
 * `waits` lists the causes among `after.openCauses` for which a person has to act.
 */
export function judge(cause: CauseId, before: Snapshot, after: Snapshot, mechanics: Mechanics, waits: readonly CauseId[] = []): Verdict {
  if (!after.openCauses.includes(cause) && before.openCauses.includes(cause)) {
    const left = after.openCauses.filter((c) => !before.openCauses.includes(c));
    if (after.brokenLayer && before.brokenLayer && layerHeight(after.brokenLayer) < layerHeight(before.brokenLayer))
      return { verdict: 'worse' };
    if (left.some((c) => waits.includes(c))) return { verdict: 'waiting', for: 'holder' };
    return { verdict: 'cured' };
  }
  if (after.presence !== 'attached' && before.presence === 'attached') return { verdict: 'unknown' };
  if (after.brokenLayer && (!before.brokenLayer || layerHeight(after.brokenLayer) < layerHeight(before.brokenLayer)))
    return { verdict: 'worse' };
  if (after.openCauses.some((c) => waits.includes(c))) return { verdict: 'waiting', for: 'holder' };
  if (after.health === 'unknown' || mechanics === 'unknown') return { verdict: 'unknown' };
  return { verdict: 'unchanged' };
}
