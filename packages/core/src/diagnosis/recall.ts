import type { FactKind } from '../health/index.js';
import type { CurrentFact, FactSet, History } from './shapes.js';

/** What is remembered of a pair when its facts say something else by now. Times in ms; null: it never was so, as far as anybody knows. */
export interface Kept {
  /** The last session that the phone accepted, before the one it accepts now. */
  sessionAt: number | null;
  /** The last time it was reached over Wi-Fi, before now. */
  wifiAt: number | null;
  /** When it was last attached, before it was plugged in now. */
  hereAt: number | null;
}

export const NOTHING_KEPT: Kept = { sessionAt: null, wifiAt: null, hereAt: null };

/** What has to be remembered of a fact once it says something else: which field of `Kept`, and the time of its last look; null of most facts. */
export function worthKeeping(fact: CurrentFact): { field: 'sessionAt' | 'wifiAt'; at: number } | null {
  if (isAccepted(fact)) return { field: 'sessionAt', at: fact.seenAt };
  return isOnWifi(fact) ? { field: 'wifiAt', at: fact.seenAt } : null;
}

/** What no single look shows, from the facts as they are and what was kept of earlier ones. A look counts up to `now`, ms. */
export function recall(facts: FactSet, kept: Kept, now: number): Pick<History, 'lastSessionAt' | 'lastWifiAt' | 'lastHereAt'> {
  const session = facts['trust-session'];
  const listed = facts['mux-device'];
  return {
    lastSessionAt: session && isAccepted(session) ? Math.min(session.seenAt, now) : kept.sessionAt,
    lastWifiAt: listed && isOnWifi(listed) ? Math.min(listed.seenAt, now) : kept.wifiAt,
    lastHereAt: kept.hereAt,
  };
}

function isAccepted(fact: CurrentFact): boolean {
  return is(fact, 'trust-session') && fact.state === 'seen' && fact.reading.outcome === 'accepted';
}

function isOnWifi(fact: CurrentFact): boolean {
  return is(fact, 'mux-device') && fact.state === 'seen' && (fact.reading.connection === 'network' || fact.reading.alsoNetwork);
}

function is<K extends FactKind>(fact: CurrentFact, kind: K): fact is CurrentFact<K> {
  return fact.kind === kind;
}
