import type { Fact, FactKind, Reading, Udid } from '@lockstep/core/health';

/** The newest reading of a kind among facts just read; null when it was not seen. `udid`: of this phone, for kinds about phones. */
export function readingOf<K extends FactKind>(facts: readonly Fact[], kind: K, udid?: Udid): Reading<K> | null {
  const fact = facts.findLast((f) => f.kind === kind && (udid === undefined || (f.subject !== 'host' && f.subject.udid === udid)));
  return fact?.state === 'seen' ? (fact.reading as Reading<K>) : null;
}
