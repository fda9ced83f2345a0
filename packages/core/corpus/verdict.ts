import type { Diagnosis, DiagnosisInput, KnownFinding } from '../src/diagnosis/index.js';
import type { CauseId } from '../src/health/index.js';
import type { Case, Expectation } from './case.js';
import { toInput } from './input.js';
import { CORPUS_NOW } from './moments.js';

/** From here on a cause is claimed; below it is shown as possible. */
export const CLAIMED = 0.7;

/**
 * Diagnoses a case as a server would: when the picture had just come to be, at each moment a person answered, and now, each time with the
 * findings of the time before.
 */
export function diagnoseCase(story: Case, diagnose: (input: DiagnosisInput) => Diagnosis, now: number = CORPUS_NOW): Diagnosis {
  const moments = [story.heldS, ...Object.values(story.answers).map((a) => a.agoS), 0]
    .filter((agoS) => agoS <= story.heldS)
    .sort((a, b) => b - a);
  let known: KnownFinding[] = [];
  let last: Diagnosis | null = null;
  for (const agoS of new Set(moments)) {
    const input = { ...toInput(story, now, now - agoS * 1_000), known };
    last = diagnose(last ? { ...input, presence: last.presence, health: last.health } : input);
    known = last.findings.map(({ cause, scope, state, since }) => ({ cause, scope, state, since }));
  }
  return last as Diagnosis;
}

/** What a diagnosis came to, held against its label. */
export interface Verdict {
  said: Expectation;
  right: boolean;
  /** Secondary causes that were not found. */
  missing: CauseId[];
  /** Causes that were claimed and must not be. */
  forbidden: CauseId[];
  /** For a case that cannot be told: the best guess is among the findings. Null where the label names none. */
  guessed: boolean | null;
}

/** Remarks that may stand beside a healthy verdict: nearly every Mac has Apple devices of its own on the bus. */
const REMARKS: ReadonlySet<CauseId> = new Set(['C05']);

/** Verdicts that say "I cannot tell" in other words: the agent cannot see, and nothing fits. */
const ABSTAINING: ReadonlySet<Expectation> = new Set(['C99']);

/** Holds a diagnosis against the label of its case. */
export function verdictOf(story: Case, diagnosis: Diagnosis): Verdict {
  const open = diagnosis.findings.filter((f) => f.state === 'open');
  const said = saidBy(story, diagnosis);
  const wanted = new Set<Expectation>([story.expect, ...story.accept]);
  // Where a probe is missing, "the agent cannot see" names the reason why nothing can be told.
  if (story.expect === 'cannot-tell' && story.origin === 'missing-probe') wanted.add('C97');
  const missing = story.also.filter((cause) => !open.some((f) => f.cause === cause));
  const forbidden = story.never.filter((cause) =>
    open.some((f) => f.cause === cause && f.explainedBy === null && !f.frozen && f.confidence >= CLAIMED),
  );
  return {
    said,
    right: wanted.has(said) && missing.length === 0 && forbidden.length === 0,
    missing,
    forbidden,
    guessed: story.likely === null ? null : diagnosis.findings.some((f) => f.cause === story.likely),
  };
}

function saidBy(story: Case, { findings, primary, health }: Diagnosis): Expectation {
  const open = findings.filter((f) => f.state === 'open' && f.explainedBy === null && f.confidence >= CLAIMED);
  const remark = (cause: CauseId) => open.some((f) => f.cause === cause && f.health === 'advisory');
  if (primary && primary.confidence >= CLAIMED && !remark(primary.cause))
    return ABSTAINING.has(primary.cause) ? 'cannot-tell' : primary.cause;
  if (health !== 'healthy' && !remark(story.expect as CauseId)) return 'cannot-tell';
  // Advice beside a healthy pair speaks only where it is not expected, or where it is what is expected.
  const advice = open.filter((f) => f.health === 'advisory' && !REMARKS.has(f.cause) && !story.also.includes(f.cause));
  if (advice.some((f) => f.cause === story.expect)) return story.expect;
  return advice[0]?.cause ?? 'healthy';
}
