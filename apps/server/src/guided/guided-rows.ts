import { type DoneStep, FIXES, type FixId, type Snapshot, type StepId, stepActor, stepHasProof, type Verdict } from '@lockstep/core/fixes';
import type { CauseId, FactSet } from '@lockstep/core/health';
import type { GUIDED_STATES, GuidedRunView } from '@lockstep/core/protocol';
import { APPROVAL_COLUMNS, type ApprovalColumns, type ApprovalRow, approvalView } from '../fixes/index.js';
import { DEVICE_NAME, type Queryable } from '../pairs/index.js';

export type GuidedState = (typeof GUIDED_STATES)[number];
/** States in which a run is not over. */
export const UNDER_WAY: readonly GuidedState[] = ['awaiting-approval', 'open', 'settled'];

type Person = GuidedRunView['startedBy'];

/** One row of `guided_run`. */
export interface GuidedRow {
  id: string;
  host_id: string;
  pair_id: string | null;
  udid: string | null;
  fix: FixId;
  cause: CauseId;
  state: GuidedState;
  started_by_kind: Person['kind'];
  started_by_id: string;
  started_by: string;
  started_at: Date;
  opened_at: Date | null;
  deadline_at: Date;
  due_at: Date | null;
  before: Snapshot;
  at_start: FactSet;
  after: Snapshot | null;
  settled_at: Date | null;
  ended_at: Date | null;
  ended_by_kind: Person['kind'] | null;
  ended_by_id: string | null;
  ended_by: string | null;
  verdict: Verdict['verdict'] | null;
  waiting_for: string | null;
  detail: string | null;
}

/** One row of `guided_step`. */
export interface StepRow {
  run_id: string;
  step: StepId;
  at: Date;
  looked_at: Date;
  by_kind: Person['kind'] | null;
  by_id: string | null;
  by: string | null;
}

/** What was written down about a run that needs a yes, and decided: one row of `guided_approval`. */
export type GuidedApprovalRow = Omit<ApprovalRow, 'ecid'>;

export type GuidedRecord = GuidedRow & ApprovalColumns & { hostname: string; device_name: string | null; done: StepRow[] };

/** Runs with the names people know; a caller adds WHERE, ORDER BY and LIMIT, and the steps by `withSteps`. */
export const GUIDED = `SELECT r.*, h.hostname, CASE WHEN d.udid IS NULL THEN NULL ELSE ${DEVICE_NAME} END AS device_name, ${APPROVAL_COLUMNS}
  FROM guided_run r LEFT JOIN guided_approval a ON a.run_id = r.id JOIN host_key h ON h.id = r.host_id LEFT JOIN pair p ON p.id = r.pair_id LEFT JOIN device d ON d.udid = p.udid`;

/** Steps that are done, by run. */
export async function stepsOf(db: Queryable, runIds: readonly string[]): Promise<Map<string, StepRow[]>> {
  const of = new Map<string, StepRow[]>(runIds.map((id) => [id, []]));
  if (runIds.length === 0) return of;
  const { rows } = await db.query<StepRow>('SELECT * FROM guided_step WHERE run_id = ANY($1::uuid[]) ORDER BY at', [runIds]);
  for (const r of rows) of.get(r.run_id)?.push(r);
  return of;
}

/** Reads the steps of runs beside them. */
export async function withSteps<R extends GuidedRow>(db: Queryable, runs: readonly R[]): Promise<(R & { done: StepRow[] })[]> {
  const steps = await stepsOf(
    db,
    runs.map((r) => r.id),
  );
  return runs.map((r) => ({ ...r, done: steps.get(r.id) ?? [] }));
}

/** Steps as core reads them. */
export const doneSteps = (rows: readonly StepRow[]): DoneStep[] => rows.map((r) => ({ step: r.step, lookedAt: r.looked_at.getTime() }));

const who = (kind: Person['kind'] | null, id: string | null, name: string | null): Person | null =>
  kind === null || id === null || name === null ? null : { kind, id, name };

/** A run as clients see it. */
export function guidedView(r: GuidedRecord): GuidedRunView {
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
    steps: FIXES[r.fix].steps.map((step) => {
      const done = r.done.find((d) => d.step === step);
      return {
        step,
        who: stepActor(step),
        hasProof: stepHasProof(step),
        doneAt: iso(done?.at ?? null),
        doneBy: done ? who(done.by_kind, done.by_id, done.by) : null,
      };
    }),
    startedBy: { kind: r.started_by_kind, id: r.started_by_id, name: r.started_by },
    startedAt: r.started_at.toISOString(),
    openedAt: iso(r.opened_at),
    deadlineAt: r.deadline_at.toISOString(),
    settledAt: iso(r.settled_at),
    endedAt: iso(r.ended_at),
    endedBy: who(r.ended_by_kind, r.ended_by_id, r.ended_by),
    verdict: r.verdict,
    waitingFor: r.waiting_for,
    detail: r.detail,
    approval: approvalView({ ...r, requested_by_kind: r.started_by_kind, requested_by_id: r.started_by_id }),
  };
}
