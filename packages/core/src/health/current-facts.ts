import type { FactKind, FailReason, Reading } from './facts.js';

/** A current fact as the server keeps it: read at `at`, last looked at again (and found the same) at `seenAt`; both in ms. */
export type CurrentFact<K extends FactKind = FactKind> = { kind: K; at: number; seenAt: number; probe: string } & (
  | { state: 'seen'; reading: Reading<K> }
  | { state: 'absent' }
  | { state: 'failed'; reason: FailReason }
);

/** The current facts of one subject, by kind. */
export type FactSet = { [K in FactKind]?: CurrentFact<K> };

/** Three-valued: `unknown` (not probed, failed, stale) is never read as `no`. */
export type Tri = 'yes' | 'no' | 'unknown';
