import type { FixId } from '../fixes/index.js';
import type { CauseId, FactKind, FactSet, FailReason, Health, HealthEffect, Layer, Presence, RungState } from '../health/index.js';
import type { PreparedCatalogue, SoftwarePolicy } from '../software/index.js';
import type { Answers, QuestionId } from './questions.js';

export type { CurrentFact, FactSet } from '../health/index.js';

/** A finding that was open or pending before this diagnosis. */
export interface KnownFinding {
  cause: CauseId;
  scope: 'host' | 'pair';
  /** `pending`: holds, but its patience has not run out; it is shown to nobody. */
  state: 'pending' | 'open';
  /** Since when it holds without a break, ms. */
  since: number;
  /** It comes and goes: a proof that it is gone does not close it now (see `isUnstable`). */
  unstable?: boolean;
}

export interface Evidence {
  /** The signal's name in the rules table. */
  signal: string;
  value: 'yes' | 'no' | 'unknown';
  /** The fact it was read from, and that fact's age base; null when no fact exists, and for what the server counts itself. */
  kind: FactKind | null;
  at: number | null;
  probe: string | null;
  /** The reading in the field's own term, such as `InvalidHostID (-21)`. */
  reading: string;
}

export interface Finding {
  cause: CauseId;
  scope: 'host' | 'pair';
  layer: Layer;
  health: HealthEffect;
  confidence: number;
  state: 'pending' | 'open';
  since: number;
  /**
   * Nothing fresh says whether it still holds (unknown, away or silent host): it stays open because no proof closed it, and the
   * evidence that was stored when it last held stays the one to show.
   */
  frozen: boolean;
  evidence: Evidence[];
  fixes: readonly FixId[];
  /** Silenced because another open cause explains it. */
  explainedBy: CauseId | null;
}

export interface Rung {
  layer: Layer;
  state: RungState;
  /** The reading in the field's own term; empty when nothing was read. */
  reading: string;
  kind: FactKind | null;
  probe: string | null;
  /** When it was last looked at, ms. */
  seenAt: number | null;
  failure: FailReason | null;
}

/** What no single look shows. Times in ms; null and left out mean that it is not known. */
export interface History {
  /** The last session that the phone accepted here. */
  lastSessionAt?: number | null;
  /** When the phone was last attached here before it was plugged in now. */
  lastHereAt?: number | null;
  /** When the phone was last reached over Wi-Fi here. */
  lastWifiAt?: number | null;
  /** The host's other phones that are attached now: how many are healthy, and how many refuse this computer's record. */
  othersHere?: { attached: number; healthy: number; notKnown: number; stale: number } | null;
  /** This phone at other computers within a week: at how many it was healthy last, at how many it failed, and by which causes. */
  elsewhere?: { healthy: number; failing: number; causes: readonly CauseId[] } | null;
  /** Fixes that were judged on this pair or its host within a day, newest first. */
  tried?: readonly { fix: string; at: number; verdict: 'cured' | 'unchanged' | 'worse' | 'waiting' | 'unknown' }[];
}

export interface DiagnosisInput {
  /** Server time, ms. */
  now: number;
  /** The agent was heard from within the silence limit. Facts of a silent host prove nothing any more. */
  hostHeard: boolean;
  host: FactSet;
  /** Null when only the host is diagnosed. */
  device: FactSet | null;
  /** Findings open or pending on the host (and on the pair). */
  known: readonly KnownFinding[];
  /**
   * The last times at which a newer connection took the host over while the older one was alive and answered, newest first, ms; at most
   * three. Left out by those who do not see connections (an agent about itself).
   */
  takeovers?: readonly number[] | undefined;
  /** What people answered about this pair. */
  answers?: Answers | undefined;
  /** What the server remembers of this pair, of the host's other phones and of this phone elsewhere. */
  history?: History | undefined;
  /** What is known of Apple's releases; null or left out: nobody asked, and no version is judged. */
  catalogue?: PreparedCatalogue | null | undefined;
  /** When an old version becomes more than a remark; the default of core's software room when left out. */
  policy?: SoftwarePolicy | undefined;
  /** The presence the pair had: kept while nothing fresh says otherwise. */
  presence: Presence;
  /** The health the pair had, kept while it is away. */
  health: Health;
}

/** A cause that is possible beside, or instead of, the primary one. */
export interface Possible {
  cause: CauseId;
  confidence: number;
  /** The question or the fact that would tell it from the others; null when nothing but trying does. */
  settledBy: QuestionId | FactKind | null;
}

export interface Diagnosis {
  presence: Presence;
  health: Health;
  /** The one cause to act on: on the lowest broken rung, then the most certain. Null when nothing is known to be wrong. */
  primary: { cause: CauseId; layer: Layer; confidence: number } | null;
  findings: Finding[];
  /** What else it could be, likeliest first: open causes that nothing explains, the primary one left out. */
  possible: Possible[];
  /** Causes that were open and are proven gone. */
  closed: CauseId[];
  /** Causes that are proven gone and stay open all the same, because they come and go. */
  quiet: CauseId[];
  /** All eight rungs, lowest first. */
  rungs: Rung[];
  /** When time alone would change this verdict (patience, ages), ms; null when it would not. */
  recheckAt: number | null;
}
