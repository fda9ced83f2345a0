import { WAITING_CAUSES } from '@lockstep/core/diagnosis';
import { FIXES, judge, newestLook, type Snapshot, type StepId, stepsShown, verifiedSince } from '@lockstep/core/fixes';
import type { FactSet } from '@lockstep/core/health';
import { JUDGE_AFTER_MS, NOT_APPROVED } from '../fixes/index.js';
import type { GuidedRow } from './guided-rows.js';
import { doneSteps, type StepRow } from './guided-rows.js';

/**
 * How much longer a run that did not help yet waits for a look at what verifies it, ms: agents tell once a minute that unchanged facts were
 * looked at again, so two of those and half of one.
 */
const LOOK_MS = 150_000;

/** The fields of a run that something changes. */
export type GuidedChange = Partial<
  Pick<
    GuidedRow,
    | 'state'
    | 'opened_at'
    | 'deadline_at'
    | 'due_at'
    | 'before'
    | 'at_start'
    | 'after'
    | 'settled_at'
    | 'ended_at'
    | 'ended_by_kind'
    | 'ended_by_id'
    | 'ended_by'
    | 'verdict'
    | 'waiting_for'
    | 'detail'
  >
>;

/** A run under way, and what is known of its pair or host now. */
export interface Moment {
  run: GuidedRow;
  done: readonly StepRow[];
  facts: FactSet;
  after: Snapshot;
  revoked: boolean;
  now: Date;
}

/** What is to be written: steps that the facts show, and what becomes of the run; null where nothing does. */
export interface Progress {
  shown: { step: StepId; lookedAt: Date }[];
  change: GuidedChange | null;
}

/**
 * What facts and time do to a run. Its steps tick themselves off in order; when the last is done it settles and is judged as a fix of an
 * agent is: `cured` at once, anything else only after the time to settle, when what verifies it was looked at. A run whose cause is proven gone
 * is over whatever steps are left: there is nothing to do any more.
 */
export function progressOf(m: Moment): Progress {
  const { run, now } = m;
  if (m.revoked) return { shown: [], change: { state: 'cancelled', ended_at: now, due_at: null, detail: 'host-revoked' } };
  // Nobody may begin: what the facts show meanwhile was not done for this run.
  if (run.state === 'awaiting-approval')
    return { shown: [], change: now < run.deadline_at ? null : { state: 'expired', ended_at: now, due_at: null, detail: NOT_APPROVED } };
  if (run.state === 'settled' && run.settled_at !== null) return { shown: [], change: judged(m, run.settled_at) };
  if (run.state !== 'open' || run.opened_at === null) return { shown: [], change: null };
  const startedAt = run.opened_at.getTime();
  const shown = stepsShown(run.fix, doneSteps(m.done), { now: m.facts, atStart: run.at_start, startedAt });
  const lookedAt = new Date(newestLook(m.facts) ?? now.getTime());
  const isDone = FIXES[run.fix].steps.every((s) => shown.includes(s) || m.done.some((d) => d.step === s));
  return { shown: shown.map((step) => ({ step, lookedAt })), change: ended(m, isDone) };
}

function ended(m: Moment, isDone: boolean): GuidedChange | null {
  const { run, now } = m;
  if (!isDone && !isGone(m)) return now < run.deadline_at ? null : { state: 'expired', ended_at: now, due_at: null, detail: 'steps-left' };
  return (
    judged(m, now) ?? {
      state: 'settled',
      settled_at: now,
      due_at: new Date(now.getTime() + settleMs(run)),
    }
  );
}

const isGone = ({ run, after }: Moment) => run.before.openCauses.includes(run.cause) && !after.openCauses.includes(run.cause);
const settleMs = (run: GuidedRow) => FIXES[run.fix].settleS * 1000 + JUDGE_AFTER_MS;

/** The verdict, or null to look again: with a later `due_at` when the time to look was moved. */
function judged({ run, facts, after, now }: Moment, settledAt: Date): GuidedChange | null {
  const first = judge(run.cause, run.before, after, 'done', WAITING_CAUSES);
  if (first.verdict === 'cured') return end(now, settledAt, after, first);
  const lookAt = settledAt.getTime() + settleMs(run);
  if (now.getTime() < lookAt) return null;
  const isVerified = verifiedSince(run.fix, facts, settledAt.getTime() + FIXES[run.fix].settleS * 1000);
  const last = lookAt + LOOK_MS;
  if (!isVerified && now.getTime() < last) return run.due_at?.getTime() === last ? null : { due_at: new Date(last) };
  // What nobody looked at again proves nothing either way.
  return end(now, settledAt, after, isVerified ? first : judge(run.cause, run.before, after, 'unknown', WAITING_CAUSES));
}

function end(now: Date, settledAt: Date, after: Snapshot, verdict: ReturnType<typeof judge>): GuidedChange {
  return {
    state: 'judged',
    settled_at: settledAt,
    ended_at: now,
    due_at: null,
    after,
    verdict: verdict.verdict,
    waiting_for: verdict.verdict === 'waiting' ? verdict.for : null,
  };
}
