import { z } from 'zod';
import { QUESTION_IDS } from '../diagnosis/index.js';
import { FACT_KIND_NAMES } from '../health/index.js';

/** What people answered about a pair, and what else it could be. Times are ISO 8601 UTC. */

const Instant = z.string().meta({ format: 'date-time' });

export const AnswerView = z.object({
  question: z.enum(QUESTION_IDS),
  answer: z.string(),
  by: z.object({ kind: z.enum(['person', 'token']), id: z.string(), name: z.string() }),
  at: Instant,
  /** Until when it counts. */
  until: Instant,
  /** It still counts. */
  fresh: z.boolean(),
});
export type AnswerView = z.infer<typeof AnswerView>;

/** A cause that is possible beside, or instead of, the primary one. */
export const PossibleView = z.object({
  cause: z.string(),
  title: z.string(),
  confidence: z.number(),
  /** The question that settles whether it is this one; null when none does. */
  question: z.enum(QUESTION_IDS).nullable(),
  /** The fact that settles it, where a probe can; null when none does. */
  kind: z.enum(FACT_KIND_NAMES).nullable(),
});
export type PossibleView = z.infer<typeof PossibleView>;
