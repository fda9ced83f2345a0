import type { FactKind, FailReason, Reading } from '../../health/index.js';
import { current } from '../current.js';
import { QUESTIONS, type QuestionId } from '../questions.js';
import type { DiagnosisInput } from '../shapes.js';
import { type Tri, tri } from '../tri.js';

/** Something that is true, false or unknown of the host or pair at hand. */
export interface Signal {
  /** The fact it is read from: what evidence points to; null for what a person answered or the server remembers. */
  kind: FactKind | null;
  read: (input: DiagnosisInput) => Tri;
  /** For signals without a fact: since when, ms, and the reading as evidence shows it. */
  told?: (input: DiagnosisInput) => { at: number | null; reading: string };
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
  return {
    kind,
    read: (input) => {
      const fact = current(input, kind);
      if (fact === null || fact.state === 'failed') return 'unknown';
      if (fact.state === 'absent') return absent;
      const said = says(fact.reading, input);
      return said === null || said === undefined ? 'unknown' : tri(said);
    },
  };
}

/**
 * Reasons for which a probe cannot see whatever the phone does: rights, tools, the system. `garbage` and `timeout` are readings of
 * a sick counterpart, not blindness.
 */
const BLIND: ReadonlySet<FailReason> = new Set(['denied', 'missing-tool', 'unsupported', 'io', 'crashed']);

/** The probe of this kind is blind. */
export function blind<K extends FactKind>(kind: K): Signal & { kind: K } {
  return {
    kind,
    read: (input) => {
      const fact = current(input, kind);
      return fact === null ? 'unknown' : tri(fact.state === 'failed' && BLIND.has(fact.reason));
    },
  };
}

/** The probe of this kind failed for one of these reasons. */
export function failed<K extends FactKind>(kind: K, ...reasons: readonly FailReason[]): Signal & { kind: K } {
  return {
    kind,
    read: (input) => {
      const fact = current(input, kind);
      return fact === null ? 'unknown' : tri(fact.state === 'failed' && reasons.includes(fact.reason));
    },
  };
}

/** A person answered the question with one of these words, lately. Unanswered is unknown. */
export function answered<Q extends QuestionId>(question: Q, ...words: readonly (typeof QUESTIONS)[Q]['answers'][number][]): Signal {
  return {
    kind: null,
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
