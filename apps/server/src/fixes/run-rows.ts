import type { FixId, Mechanics, Snapshot, Verdict } from '@lockstep/core/fixes';
import type { CauseId } from '@lockstep/core/health';
import type { RUN_STATES, RunView } from '@lockstep/core/protocol';
import { DEVICE_NAME } from '../pairs/index.js';
import { APPROVAL_COLUMNS, type ApprovalColumns, approvalView } from './approval-rows.js';
import { ORDERS_STOPPED } from './lifecycle.js';

export type RunState = (typeof RUN_STATES)[number];

/** The state of a run that waits for somebody's yes: many per host, because it holds up no other run. */
export const AWAITING = 'awaiting-approval' satisfies RunState;
/** States in which a run is under way: one per host at most. */
export const ACTIVE: readonly RunState[] = ['queued', 'sent', 'received', 'settled'];
/** States in which a run is not over. */
export const OPEN: readonly RunState[] = [AWAITING, ...ACTIVE];

/** One row of `fix_run`. */
export interface RunRow {
  id: string;
  host_id: string;
  pair_id: string | null;
  udid: string | null;
  fix: FixId;
  cause: CauseId;
  state: RunState;
  requested_by_kind: 'person' | 'token';
  requested_by_id: string;
  requested_by: string;
  stage: string | null;
  awaiting: string | null;
  mechanics: Mechanics | null;
  detail: string | null;
  verdict: Verdict['verdict'] | null;
  waiting_for: string | null;
  before: Snapshot;
  after: Snapshot | null;
  attempts: number;
  asked_at: Date;
  sent_at: Date | null;
  received_at: Date | null;
  settled_at: Date | null;
  judged_at: Date | null;
  expires_at: Date;
  /** A run that waits for a place under the fleet-wide cap is not sent before this. */
  not_before: Date | null;
  /** When a run that interrupts people took its place under the cap. */
  place_at: Date | null;
}

export type RunRecord = RunRow & ApprovalColumns & { hostname: string; device_name: string | null; stopped: boolean };

/** A run with the names people know; a caller adds WHERE, ORDER BY and LIMIT. */
export const RUNS = `SELECT r.*, s.stopped, h.hostname, CASE WHEN d.udid IS NULL THEN NULL ELSE ${DEVICE_NAME} END AS device_name, ${APPROVAL_COLUMNS}
  FROM fix_run r CROSS JOIN order_switch s JOIN host_key h ON h.id = r.host_id LEFT JOIN fix_approval a ON a.run_id = r.id LEFT JOIN pair p ON p.id = r.pair_id LEFT JOIN device d ON d.udid = p.udid`;

/** A run as clients see it. */
export function runView(r: RunRecord): RunView {
  const iso = (d: Date | null) => d?.toISOString() ?? null;
  return {
    id: r.id,
    hostId: r.host_id,
    pairId: r.pair_id,
    hostName: r.hostname,
    deviceName: r.device_name,
    udid: r.udid,
    fix: r.fix,
    cause: r.cause,
    state: r.state,
    requestedBy: r.requested_by,
    stage: r.stage,
    awaiting: r.awaiting,
    mechanics: r.mechanics,
    detail: r.detail,
    verdict: r.verdict,
    waitingFor: r.waiting_for,
    askedAt: r.asked_at.toISOString(),
    sentAt: iso(r.sent_at),
    receivedAt: iso(r.received_at),
    settledAt: iso(r.settled_at),
    judgedAt: iso(r.judged_at),
    expiresAt: r.expires_at.toISOString(),
    notBefore: iso(r.state === 'queued' ? r.not_before : null),
    heldBy: heldBy(r),
    approval: approvalView(r),
  };
}

/** Why a queued run waits although its computer may be there. */
function heldBy(r: RunRecord): NonNullable<RunView['heldBy']> | null {
  if (r.state !== 'queued') return null;
  if (r.stopped) return 'stopped';
  if (r.not_before !== null) return 'fleet-cap';
  return r.needs !== null && r.detail !== null && r.detail !== ORDERS_STOPPED ? 'not-now' : null;
}
