import type { FactKind, FailReason, Reading } from '../../health/index.js';
import { current } from '../current.js';
import { QUESTIONS, type QuestionId } from '../questions.js';
import type { CurrentFact, DiagnosisInput } from '../shapes.js';
import { type Tri, tri } from '../tri.js';

/**
 * How the current fact of one kind answers. Where a word stands the state of the fact alone decides, and rules that need another word are
 * ruled out before anything is read. A fact that is not there, or is stale, is unknown.
 */
export interface ByFact {
  seen: Tri | ((fact: CurrentFact & { state: 'seen' }, input: DiagnosisInput) => Tri);
  absent: Tri;
  failed: Tri | ((reason: FailReason) => Tri);
}

/** Something that is true, false or unknown of the host or pair at hand. */
export interface Signal {
  /** The fact it is read from: what evidence points to; null for what a person answered or the server remembers. */
  kind: FactKind | null;
  read: (input: DiagnosisInput) => Tri;
  /** For signals that only their own fact answers: how. `read` does the same. */
  byFact?: ByFact;
  /** For signals that only a person's answer to this question answers: without one they are unknown. */
  question?: QuestionId;
  /** For signals without a fact: since when, ms, and the reading as evidence shows it. */
  told?: (input: DiagnosisInput) => { at: number | null; reading: string };
}

/** What the current fact of a kind, null without one, answers. */
export function answerOf(by: ByFact, fact: CurrentFact | null, input: DiagnosisInput): Tri {
  if (fact === null) return 'unknown';
  if (fact.state === 'seen') return typeof by.seen === 'string' ? by.seen : by.seen(fact, input);
  if (fact.state === 'absent') return by.absent;
  return typeof by.failed === 'string' ? by.failed : by.failed(fact.reason);
}

function ofFact<K extends FactKind>(kind: K, byFact: ByFact): Signal & { kind: K } {
  return { kind, byFact, read: (input) => answerOf(byFact, current(input, kind), input) };
}

/**
 * A signal of one fact kind. `says` answers for a reading, null where the reading does not tell; `absent` is what "looked, and it is not
 * there" means. No fact, a stale one and one that could not be read are unknown.
 */
export function from<K extends FactKind>(
  kind: K,
  says: (reading: Reading<K>, input: DiagnosisInput) => boolean | null | undefined,
  absent: Tri = 'unknown',
): Signal & { kind: K } {
  return ofFact(kind, {
    seen: (fact, input) => {
      // The fact was found under its kind, so its reading is the kind's.
      const said = says(fact.reading as Reading<K>, input);
      return said === null || said === undefined ? 'unknown' : tri(said);
    },
    absent,
    failed: 'unknown',
  });
}

/**
 * Reasons for which a probe cannot see whatever the phone does: rights, tools, the system. `garbage` and `timeout` are readings of
 * a sick counterpart, not blindness.
 */
const BLIND: ReadonlySet<FailReason> = new Set(['denied', 'missing-tool', 'unsupported', 'io', 'crashed']);

/** The probe of this kind is blind. */
export function blind<K extends FactKind>(kind: K): Signal & { kind: K } {
  return ofFact(kind, { seen: 'no', absent: 'no', failed: (reason) => tri(BLIND.has(reason)) });
}

/** The probe of this kind failed for one of these reasons. */
export function failed<K extends FactKind>(kind: K, ...reasons: readonly FailReason[]): Signal & { kind: K } {
  return ofFact(kind, { seen: 'no', absent: 'no', failed: (reason) => tri(reasons.includes(reason)) });
}

/** A person answered the question with one of these words, lately. Unanswered is unknown. */
export function answered<Q extends QuestionId>(question: Q, ...words: readonly (typeof QUESTIONS)[Q]['answers'][number][]): Signal {
  return {
    kind: null,
    question,
    read: (input) => {
      const answer = input.answers?.[question];
      if (!answer || answer.at + QUESTIONS[question].freshMs <= input.now) return 'unknown';
      return tri((words as readonly string[]).includes(answer.answer));
    },
    told: (input) => {
      const answer = input.answers?.[question];
      return { at: answer?.at ?? null, reading: answer ? `${question}: ${answer.answer}` : `${question}: nobody answered` };
    },
  };
}
