import type { Health } from '@lockstep/core/health';
import type { FleetSummary } from '@lockstep/core/protocol';
import { WORDS } from './words.js';

/** The order in which the sentence tells counts. */
const TOLD: readonly Health[] = ['healthy', 'broken', 'waiting', 'degraded', 'unknown'];

/** The fleet in one sentence, in pieces that can be coloured. Healths nobody has are left out; the pieces add up to the total. */
export interface FleetWords {
  head: string;
  counts: { health: Health; n: number }[];
  /** Away pairs: outside the total, and said so. Null when there are none. */
  away: string | null;
}

export function fleetWords(s: FleetSummary): FleetWords {
  const counts = TOLD.map((health) => ({ health, n: s.health[health] })).filter((c) => c.n > 0);
  const total = counts.reduce((sum, c) => sum + c.n, 0);
  return { head: total === 0 && s.away === 0 ? WORDS.none : WORDS.pairs(total), counts, away: s.away > 0 ? WORDS.away(s.away) : null };
}

/** The same as one string. */
export function fleetSentence(s: FleetSummary): string {
  const w = fleetWords(s);
  const counts = w.counts.map((c) => `${c.n} ${c.health}`).join(', ');
  return `${w.head}${counts ? `: ${counts}` : ''}${w.away ? `; ${w.away}` : ''}.`;
}
