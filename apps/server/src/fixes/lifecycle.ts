import { WAITING_CAUSES } from '@lockstep/core/diagnosis';
import { FIXES, judge, type Snapshot } from '@lockstep/core/fixes';
import type { FixProgress, FixReceived, FixRefused, FixSettled, OrderRefusal } from '@lockstep/core/protocol';
import type { RunRow } from './run-rows.js';

/** What an agent tells about a run. */
export type Receipt = FixReceived | FixRefused | FixProgress | FixSettled;

/**
 * How long a settled run that is not cured yet is looked at before it is judged: phones come back one by one after the multiplexer
 * was restarted (2-5 s, on busy hubs longer), and their next look is at most 30 s away.
 */
export const JUDGE_AFTER_MS = 30_000;
/** Added to a fix's own deadline and settle time before the server gives a received run up: the agent gives up first, and its word has to get here. */
const GRACE_MS = 60_000;
/** A sent order that was not received is sent again after this, doubled with each attempt up to the second number, ms. */
const RESEND_MS = { first: 20_000, last: 600_000 };

/** The detail of a run that would have been sent if orders were not stopped. */
export const ORDERS_STOPPED = 'orders-stopped';

/** The detail of a run that nobody approved in time. */
export const NOT_APPROVED = 'not-approved';

/** Refusals after which a new order for the same run makes sense: this order was not for this connection or moment. */
const AGAIN: ReadonlySet<OrderRefusal> = new Set(['expired', 'wrong-connection', 'wrong-epoch', 'busy']);

/** The fields of a run that something changes. */
export type RunChange = Partial<
  Pick<
    RunRow,
    | 'state'
    | 'stage'
    | 'awaiting'
    | 'mechanics'
    | 'detail'
    | 'verdict'
    | 'waiting_for'
    | 'before'
    | 'after'
    | 'attempts'
    | 'sent_at'
    | 'received_at'
    | 'settled_at'
    | 'judged_at'
    | 'not_before'
    | 'place_at'
    | 'expires_at'
  >
>;

/** A run of which nobody will hear: it may have acted or not. */
const GIVEN_UP = {
  state: 'judged',
  verdict: 'unknown',
  waiting_for: null,
  stage: null,
  awaiting: null,
  mechanics: 'unknown',
} as const satisfies RunChange;

const isUnanswered = (run: RunRow) => run.state === 'queued' || run.state === 'sent';

/**
 * What a receipt does to its run; null when it says nothing new. Receipts come at least once and sometimes late: what is over stays
 * over, except that a result which arrives after the server gave a run up is still taken.
 */
export function receive(run: RunRow, receipt: Receipt, now: Date): RunChange | null {
  switch (receipt.type) {
    case 'fix.received':
      if (isUnanswered(run)) return { state: 'received', received_at: now };
      return run.received_at === null && run.state === 'expired' ? { received_at: now } : null;
    case 'fix.progress': {
      if (!isUnanswered(run) && run.state !== 'received') return null;
      return { state: 'received', received_at: run.received_at ?? now, stage: receipt.stage, awaiting: receipt.awaiting };
    }
    case 'fix.refused':
      return refused(run, receipt.reason, now);
    case 'fix.settled': {
      if (run.settled_at !== null || run.state === 'cancelled' || run.state === 'refused') return null;
      // Nobody said yes to it, so nothing was ordered: whatever a host says of it is not a result.
      if (run.state === 'awaiting-approval' || run.detail === NOT_APPROVED) return null;
      return {
        state: 'settled',
        received_at: run.received_at ?? now,
        settled_at: now,
        mechanics: receipt.mechanics,
        detail: receipt.detail,
        stage: null,
        awaiting: null,
      };
    }
  }
}

function refused(run: RunRow, reason: OrderRefusal, now: Date): RunChange | null {
  if (!isUnanswered(run)) return null;
  // The journal of the agent knows this run: an earlier order arrived, and its result is on the way.
  if (reason === 'replayed') return { state: 'received', received_at: now };
  if (AGAIN.has(reason)) return { state: 'queued', detail: reason };
  return { state: 'refused', detail: reason };
}

/**
 * Judges a settled run by the facts as they are, or null to look again later: `cured` is said at once, anything else only when nothing
 * was carried out or the time to look is over.
 * @param isLate the run was given up before its result came: it is not waited for any longer
 */
export function judged(run: RunRow, after: Snapshot, now: Date, isLate = false): RunChange | null {
  const { mechanics, settled_at: settledAt } = run;
  if (mechanics === null || settledAt === null) return null;
  const verdict = judge(run.cause, run.before, after, mechanics, WAITING_CAUSES);
  const mayChange = !isLate && (mechanics === 'done' || mechanics === 'unknown');
  if (verdict.verdict !== 'cured' && mayChange && now.getTime() < settledAt.getTime() + JUDGE_AFTER_MS) return null;
  return {
    state: 'judged',
    judged_at: now,
    after,
    verdict: verdict.verdict,
    waiting_for: verdict.verdict === 'waiting' ? verdict.for : null,
  };
}

/** What time does to a run that is not over; null when nothing yet. */
export function overdue(run: RunRow, now: Date): RunChange | null {
  if (isUnanswered(run) && run.expires_at <= now)
    return { state: 'expired', detail: run.sent_at === null ? waitedFor(run) : 'not-received' };
  if (run.state === 'awaiting-approval' && run.expires_at <= now) return { state: 'expired', detail: NOT_APPROVED };
  if (run.state === 'received' && run.received_at !== null) {
    const row = FIXES[run.fix];
    const until = run.received_at.getTime() + (row.deadlineS + row.settleS) * 1000 + GRACE_MS;
    if (until <= now.getTime()) return { ...GIVEN_UP, judged_at: now, detail: 'no-result' };
  }
  return null;
}

/**
 * What becomes of a run whose host was revoked: one that was never sent is taken back; of one that was, nobody will hear any more. Null
 * for one whose result is here already.
 */
export function afterRevocation(run: RunRow, now: Date): RunChange | null {
  if (run.state === 'awaiting-approval' || (run.state === 'queued' && run.sent_at === null))
    return { state: 'cancelled', detail: 'host-revoked' };
  if (!isUnanswered(run) && run.state !== 'received') return null;
  return { ...GIVEN_UP, judged_at: now, detail: 'host-revoked' };
}

/** What a run that was never sent waited for last. */
function waitedFor(run: RunRow): string {
  if (run.detail === ORDERS_STOPPED) return ORDERS_STOPPED;
  if (run.not_before !== null) return 'fleet-cap';
  // An approved run that might not go ahead says why; any other waited for its computer.
  return run.detail ?? 'host-offline';
}

/** From when an order for this run may be sent at all, or again over the same connection, ms. */
export function sendableAt(run: RunRow): number {
  const place = run.not_before?.getTime() ?? 0;
  if (run.sent_at === null) return place;
  const again = run.sent_at.getTime() + Math.min(RESEND_MS.first * 2 ** Math.max(0, run.attempts - 1), RESEND_MS.last);
  return Math.max(place, again);
}
