import type { FactKind, FailReason, Reading, Subject } from '@lockstep/core/health';

/** A fact before the probe that read it and the time are written on it. */
export type DraftFact =
  | { [K in FactKind]: { kind: K; subject: Subject; state: 'seen'; reading: Reading<K> } }[FactKind]
  | { kind: FactKind; subject: Subject; state: 'absent' }
  | { kind: FactKind; subject: Subject; state: 'failed'; reason: FailReason };
