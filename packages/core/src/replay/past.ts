import type { Answers, CurrentFact, History, QuestionId } from '../diagnosis/index.js';
import type { CauseId, Health } from '../health/index.js';

/** What one fact said, from when the server knew it until something else was read. */
export interface PastFact {
  /** The phone's UDID; empty for the host's own. */
  udid: string;
  /** With the last look at it. */
  fact: CurrentFact;
  /** ms */
  since: number;
  /** ms; null: it is what is known now. */
  until: number | null;
}

/** What somebody answered. `at` in ms. */
export interface PastAnswer {
  question: QuestionId;
  answer: NonNullable<Answers[QuestionId]>['answer'];
  at: number;
}

export type PastTry = NonNullable<History['tried']>[number];

/** What was concluded then, until the next one. `at` in ms. */
export interface Recorded {
  at: number;
  health: Health;
  cause: CauseId | null;
}

/** One pair's past, apart from its facts. */
export interface PairPast {
  udid: string;
  /** When it was first seen here, ms. */
  createdAt: number;
  answers: readonly PastAnswer[];
  /** Fixes that were judged on it or its host. */
  tried: readonly PastTry[];
  /** What was concluded, oldest first; the newest one before the window included. */
  recorded: readonly Recorded[];
}

/** One host's past. */
export interface HostPast {
  facts: readonly PastFact[];
  /** When it fell silent and was heard again, oldest first, ms. */
  heard: readonly { at: number; heard: boolean }[];
  /** Whether it is heard now; a host without changes was always so. */
  isHeard: boolean;
  pairs: readonly PairPast[];
}

/** From when until when, ms. */
export interface Window {
  from: number;
  until: number;
}
