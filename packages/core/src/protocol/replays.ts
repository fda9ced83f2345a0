import { z } from 'zod';
import { HEALTHS, OSES } from '../health/index.js';

/** Trials of other rules on stored facts, as clients read them. Times are ISO 8601 UTC. */

const Instant = z.string();

export const REPLAY_STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
export const REPLAY_AGAINST = ['shipped', 'recorded'] as const;
/** Why a trial is not whole: its time was over, it found more than is kept, or a computer's history was longer than is read. */
export const REPLAY_CUTS = ['time', 'differences', 'facts'] as const;

/** How long a cause was the one that is wrong with a pair; cause null: nothing was named. */
export const ReplayCount = z.object({
  cause: z.string().nullable(),
  title: z.string(),
  /** Pairs of which it was the one at any time. */
  pairsBefore: z.number(),
  pairsAfter: z.number(),
  /** Hours, all pairs together. */
  hoursBefore: z.number(),
  hoursAfter: z.number(),
});
export type ReplayCount = z.infer<typeof ReplayCount>;

export const ReplayView = z.object({
  id: z.string(),
  state: z.enum(REPLAY_STATES),
  askedBy: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
  askedAt: Instant,
  startedAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  from: Instant,
  until: Instant,
  /** What the verdicts are held against: those of the shipped rules on the same facts, or those that were recorded. */
  against: z.enum(REPLAY_AGAINST),
  /** Shorter differences are left out, s. */
  atLeastS: z.number(),
  os: z.enum(OSES).nullable(),
  cause: z.string().nullable(),
  hostId: z.string().nullable(),
  /** The changes, as they were asked for. */
  overlay: z.record(z.string(), z.unknown()),
  hosts: z.number(),
  hostsDone: z.number(),
  pairs: z.number(),
  diagnoses: z.number(),
  differences: z.number(),
  counts: z.array(ReplayCount),
  cut: z.enum(REPLAY_CUTS).nullable(),
});
export type ReplayView = z.infer<typeof ReplayView>;

const VerdictView = z.object({
  health: z.enum(HEALTHS),
  cause: z.string().nullable(),
  title: z.string().nullable(),
  /** What would be offered first; null when nothing is, or when it was not recorded. */
  fix: z.string().nullable(),
});

/** For some time another verdict about a pair. */
export const ReplayDifferenceView = z.object({
  n: z.number(),
  pairId: z.string(),
  hostId: z.string(),
  hostName: z.string(),
  deviceName: z.string(),
  from: Instant,
  until: Instant,
  before: VerdictView,
  after: VerdictView,
  /** What decided. */
  evidence: z.array(z.object({ signal: z.string(), value: z.enum(['yes', 'no', 'unknown']), reading: z.string(), at: Instant.nullable() })),
});
export type ReplayDifferenceView = z.infer<typeof ReplayDifferenceView>;
