import { z } from 'zod';
import { FIX_IDS, STEPS, type StepId, VERDICTS } from '../fixes/index.js';
import { ApprovalView } from './approval.js';

/** What people do and say, as clients read it. Times are ISO 8601 UTC. */

const Instant = z.string().meta({ format: 'date-time' });
const Who = z.object({ kind: z.enum(['person', 'token']), id: z.string(), name: z.string() });

const STEP_IDS = Object.keys(STEPS) as [StepId, ...StepId[]];

/**
 * States of a guided run. `awaiting-approval`: nobody may begin before somebody said yes. `settled`: every step is done, and facts have to
 * show whether it helped. Every run ends in one of the last three.
 */
export const GUIDED_STATES = ['awaiting-approval', 'open', 'settled', 'judged', 'expired', 'cancelled'] as const;

/** A step on the way. One with a proof ticks itself off when facts show it. */
export const GuidedStepView = z.object({
  step: z.enum(STEP_IDS),
  who: z.enum(['holder', 'staff', 'it', 'vendor']),
  /** Facts tick it off; nobody can. */
  hasProof: z.boolean(),
  doneAt: Instant.nullable(),
  /** Who said so; null for one that facts ticked off. */
  doneBy: Who.nullable(),
});
export type GuidedStepView = z.infer<typeof GuidedStepView>;

/** A fix that people carry out step by step, on a pair or a host. */
export const GuidedRunView = z.object({
  id: z.string(),
  hostId: z.string(),
  pairId: z.string().nullable(),
  hostName: z.string(),
  deviceName: z.string().nullable(),
  udid: z.string().nullable(),
  fix: z.enum(FIX_IDS),
  cause: z.string(),
  state: z.enum(GUIDED_STATES),
  steps: z.array(GuidedStepView),
  startedBy: Who,
  /** When somebody started it, or asked for it. */
  startedAt: Instant,
  /** When the first step could begin: at the start, or when it was approved; null before that. */
  openedAt: Instant.nullish(),
  /** Ends by itself then if steps are left, or if nobody approved it. */
  deadlineAt: Instant,
  settledAt: Instant.nullable(),
  /** When it ended: judged, expired or abandoned. */
  endedAt: Instant.nullable(),
  /** Who abandoned it. */
  endedBy: Who.nullable(),
  verdict: z.enum(VERDICTS).nullable(),
  waitingFor: z.string().nullable(),
  /** Why it ended without a verdict, as a word. */
  detail: z.string().nullable(),
  /** Null for a run that needs nobody's yes. */
  approval: ApprovalView.nullish(),
});
export type GuidedRunView = z.infer<typeof GuidedRunView>;
