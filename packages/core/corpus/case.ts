import type { Answers, QuestionId } from '../src/diagnosis/index.js';
import type { CauseId, FACT_KINDS, FactKind, FailReason, Reading } from '../src/health/index.js';

type SubjectOf<K extends FactKind> = (typeof FACT_KINDS)[K]['subject'];
export type HostKind = { [K in FactKind]: SubjectOf<K> extends 'host' ? K : never }[FactKind];
export type DeviceKind = { [K in FactKind]: SubjectOf<K> extends 'device' ? K : never }[FactKind];

/** One fact of a case. `unread`: no such fact was ever sent. `read`: a reading with ages of its own, s before the case's moment. */
export type FactOf<K extends FactKind> =
  | Reading<K>
  | 'absent'
  | 'unread'
  | { failed: FailReason }
  | { read: Reading<K>; atAgoS?: number; seenAgoS?: number };

export type HostFacts = { [K in HostKind]?: FactOf<K> };
export type DeviceFacts = { [K in DeviceKind]?: FactOf<K> };
export interface Facts {
  host: HostFacts;
  /** Null when the computer is diagnosed by itself. */
  device: DeviceFacts | null;
}

/** The healthy computer that a case departs from. */
export type Base = 'linux' | 'macos15' | 'macos26' | 'windows-itunes' | 'windows-store';

type Answer<Q extends QuestionId> = NonNullable<Answers[Q]>['answer'];
export type CaseAnswers = { [Q in QuestionId]?: { answer: Answer<Q>; agoS: number } };

/** What the server remembers, with ages instead of times. */
export interface CaseHistory {
  lastSessionAgoS?: number | null;
  lastHereAgoS?: number | null;
  lastWifiAgoS?: number | null;
  othersHere?: { attached: number; healthy: number; notKnown: number; stale: number };
  elsewhere?: { healthy: number; failing: number; causes: readonly CauseId[] };
  tried?: readonly { fix: string; agoS: number; verdict: 'cured' | 'unchanged' | 'worse' | 'waiting' | 'unknown' }[];
}

/** A cause, or one of the two verdicts without a cause. */
export type Expectation = CauseId | 'cannot-tell' | 'healthy';

export type Origin = 'single' | 'combination' | 'missing-probe' | 'contradiction';

/** A labelled picture of one pair (or one computer): what was read, and what the field notes make of it. */
export interface Case {
  id: string;
  base: Base;
  os: 'linux' | 'macos' | 'windows';
  /** The situation in one plain sentence. */
  says: string;
  host: HostFacts;
  device: DeviceFacts | null;
  answers: CaseAnswers;
  history: CaseHistory;
  /** How long the picture stood unchanged, s. */
  heldS: number;
  /** The presence and health the pair had before. */
  presence: 'attached' | 'away' | 'never-seen';
  /** What is known about Apple's releases: everything, only what was true two weeks ago, or nothing. */
  catalogue: 'fresh' | 'stale' | 'none';
  /**
   * The primary cause; `cannot-tell` when the facts support none at 0.7 or more, or the probe that decides failed; `healthy` when every
   * rung has proof.
   */
  expect: Expectation;
  /** Other verdicts that are as right as `expect`; `either` or `disputed` says why. */
  accept: readonly Expectation[];
  /** Secondary causes that must be found too. */
  also: readonly CauseId[];
  /** With `cannot-tell`: the cause that is the best guess, below 0.7. */
  likely: CauseId | null;
  /** Causes that must not be claimed. */
  never: readonly CauseId[];
  /** Why, in own words. */
  because: string;
  origin: Origin;
  /** Why another verdict is as right. */
  either: string | null;
  /** Where the field notes contradict themselves or leave the matter open; such cases are reported apart. */
  disputed: string | null;
}
