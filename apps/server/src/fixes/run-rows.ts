import type { FixId, Mechanics, Snapshot, Verdict } from '@lockstep/core/fixes';
import type { CauseId } from '@lockstep/core/health';
import type { RUN_STATES, RunView } from '@lockstep/core/protocol';
import { DEVICE_NAME } from '../pairs/index.js';

export type RunState = (typeof RUN_STATES)[number];

/** States in which a run is not over: one per host at most. */
export const ACTIVE: readonly RunState[] = ['queued', 'sent', 'received', 'settled'];

/** One row of `fix_run`. */
export interface RunRow {
  id: string;
  host_id: string;
  pair_id: string | null;
  udid: string | null;
  fix: FixId;
  cause: CauseId;
  state: RunState;
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

export type RunRecord = RunRow & { hostname: string; device_name: string | null; stopped: boolean };

/** A run with the names people know; a caller adds WHERE, ORDER BY and LIMIT. */
export const RUNS = `SELECT r.*, s.stopped, h.hostname, CASE WHEN d.udid IS NULL THEN NULL ELSE ${DEVICE_NAME} END AS device_name
  FROM fix_run r CROSS JOIN order_switch s JOIN host_key h ON h.id = r.host_id LEFT JOIN pair p ON p.id = r.pair_id LEFT JOIN device d ON d.udid = p.udid`;

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
    heldBy: r.state !== 'queued' ? null : r.stopped ? 'stopped' : r.not_before !== null ? 'fleet-cap' : null,
  };
}
