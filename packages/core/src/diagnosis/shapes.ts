import type { FixId } from '../fixes/index.js';
import type { CauseId, FactKind, FailReason, Health, HealthEffect, Layer, Presence, Reading, RungState } from '../health/index.js';

/** A current fact as the server keeps it: read at `at`, last looked at again (and found the same) at `seenAt`; both in ms. */
export type CurrentFact<K extends FactKind = FactKind> = { kind: K; at: number; seenAt: number; probe: string } & (
  | { state: 'seen'; reading: Reading<K> }
  | { state: 'absent' }
  | { state: 'failed'; reason: FailReason }
);

/** The current facts of one subject, by kind. */
export type FactSet = { [K in FactKind]?: CurrentFact<K> };

/** A finding that was open or pending before this diagnosis. */
export interface KnownFinding {
  cause: CauseId;
  scope: 'host' | 'pair';
  /** `pending`: holds, but its patience has not run out; it is shown to nobody. */
  state: 'pending' | 'open';
  /** Since when it holds without a break, ms. */
  since: number;
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
  takeovers?: readonly number[];
  /** The presence the pair had: kept while nothing fresh says otherwise. */
  presence: Presence;
  /** The health the pair had, kept while it is away. */
  health: Health;
}

export interface Diagnosis {
  presence: Presence;
  health: Health;
  /** The one cause to act on: on the lowest broken rung, then the most certain. Null when nothing is known to be wrong. */
  primary: { cause: CauseId; layer: Layer; confidence: number } | null;
  findings: Finding[];
  /** Causes that were open and are proven gone. */
  closed: CauseId[];
  /** All eight rungs, lowest first. */
  rungs: Rung[];
  /** When time alone would change this verdict (patience, ages), ms; null when it would not. */
  recheckAt: number | null;
}
