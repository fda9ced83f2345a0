import type { FactKind, FailReason, Reading, Subject } from '@lockstep/core/health';

/** A fact before the probe that read it and the time are written on it. */
export type DraftFact = { [K in FactKind]: DraftOf<K> }[FactKind];

/** A draft of one kind. */
export type DraftOf<K extends FactKind> = { kind: K; subject: Subject } & (
  | { state: 'seen'; reading: Reading<K> }
  | { state: 'absent' }
  | { state: 'failed'; reason: FailReason }
);
