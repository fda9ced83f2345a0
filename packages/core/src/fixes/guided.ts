import { FACT_KINDS, type FactKind, type FactSet } from '../health/index.js';
import { FIXES } from './catalogue/index.js';
import type { FixId } from './shapes.js';
import { type StepFacts, type StepId, stepCompares, stepDone } from './steps.js';

/** A step of a guided run that is done. */
export interface DoneStep {
  step: StepId;
  /**
   * The newest look at the pair when it was ticked off, ms: what was read before says nothing about the steps behind it. For one that a
   * person ticked off the moment of that.
   */
  lookedAt: number;
}

/**
 * The steps that the facts show done now and that are not ticked off yet. One thing at a time: a step is looked at when all before it are
 * done, and by readings that are not older than the step before, so that a phone which was on the bus all along does not prove that it was
 * plugged in again.
 */
export function stepsShown(fix: FixId, done: readonly DoneStep[], facts: StepFacts): StepId[] {
  const shown: StepId[] = [];
  let since = facts.startedAt;
  for (const step of FIXES[fix].steps) {
    const ticked = done.find((d) => d.step === step);
    if (ticked) {
      since = Math.max(since, ticked.lookedAt);
      continue;
    }
    if (stepDone(step, { ...facts, startedAt: since }) !== 'yes') break;
    shown.push(step);
  }
  return shown;
}

/** The newest look that the facts tell of, ms; null when there are none. */
export function newestLook(facts: FactSet): number | null {
  const looks = Object.values(facts).map((f) => f.seenAt);
  return looks.length === 0 ? null : Math.max(...looks);
}

/** Kinds of which the reading at the start has to be kept for the steps of a fix. */
export function comparedKinds(fix: FixId): FactKind[] {
  return [...new Set(FIXES[fix].steps.flatMap((step) => stepCompares(step) ?? []))];
}

/**
 * Whether the facts that verify a fix were looked at since a moment (ms), so that a cause which still stands is still there and not only
 * still believed. Kinds that are looked at once an hour are not waited for, and of kinds that nothing is known of there is no look; one at
 * least has to have been looked at.
 */
export function verifiedSince(fix: FixId, facts: FactSet, since: number): boolean {
  const looks = FIXES[fix].verify.flatMap((kind) => {
    const fact = facts[kind];
    return fact && FACT_KINDS[kind].pace !== 'slow' ? [fact.seenAt >= since] : [];
  });
  return looks.length > 0 && looks.every(Boolean);
}
