import type { Approval, Clearance, ConsentWay } from '@lockstep/core/fixes';
import type { ApprovalView } from '@lockstep/core/protocol';
import type { Queryable } from '../pairs/index.js';
import { BACKUP_AT, finishedAt } from './backup-proof.js';
import type { RunRow } from './run-rows.js';

/** One row of `fix_approval`. */
export interface ApprovalRow {
  run_id: string;
  needs: Exclude<Approval, 'none'>;
  consent_holder: string | null;
  consent_how: ConsentWay | null;
  consent_at: Date | null;
  loss_accepted_by: string | null;
  backup_at: Date | null;
  ecid: string | null;
  decision: 'approved' | 'declined' | null;
  decided_by_id: string | null;
  decided_by: string | null;
  decided_at: Date | null;
  reason: string | null;
}

/** What a list of runs reads of it; `needs` is null for a run that needs nobody's yes. */
export interface ApprovalColumns extends Omit<ApprovalRow, 'run_id' | 'needs' | 'backup_at' | 'ecid' | 'reason'> {
  needs: ApprovalRow['needs'] | null;
  approval_reason: string | null;
  proven_backup_at: Date | null;
  /** As the facts show it now; read while the run waits only. */
  backup_now: string | null;
}

/** The columns of a query over `fix_run r LEFT JOIN fix_approval a`. */
export const APPROVAL_COLUMNS = `a.needs, a.consent_holder, a.consent_how, a.consent_at, a.loss_accepted_by, a.decision, a.decided_by_id, a.decided_by,
  a.decided_at, a.reason AS approval_reason, a.backup_at AS proven_backup_at,
  CASE WHEN r.state = 'awaiting-approval' THEN ${BACKUP_AT('r.host_id', 'r.udid')} END AS backup_now`;

/** The approval of a run as clients see it; null for a run that needs none. */
export function approvalView(r: ApprovalColumns & Pick<RunRow, 'requested_by_kind' | 'requested_by_id'>): ApprovalView | null {
  if (r.needs === null) return null;
  const { consent_holder: holder, consent_how: how, consent_at: at } = r;
  const now = finishedAt(r.backup_now);
  return {
    needs: r.needs,
    askedBy: { kind: r.requested_by_kind, id: r.requested_by_id },
    consent: holder === null || how === null || at === null ? null : { holder, how, at: at.toISOString() },
    lossAcceptedBy: r.loss_accepted_by,
    backupAt: r.proven_backup_at?.toISOString() ?? (now === null ? null : new Date(now).toISOString()),
    decision: r.decision,
    decidedBy: r.decided_by,
    decidedAt: r.decided_at?.toISOString() ?? null,
    reason: r.approval_reason,
  };
}

/** The approval of a run that is locked; null when it needs none. */
export async function approvalOfRun(tx: Queryable, runId: string): Promise<ApprovalRow | null> {
  const { rows } = await tx.query<ApprovalRow>('SELECT * FROM fix_approval WHERE run_id = $1', [runId]);
  return rows[0] ?? null;
}

/** What a signed order says of it. Null where no data may be lost: agents are not told who approved what interrupts people. */
export function clearanceOf(run: Pick<RunRow, 'requested_by_id' | 'requested_by_kind'>, approval: ApprovalRow | null): Clearance | null {
  if (approval?.needs !== 'second-person') return null;
  // A program is nobody: its id is no person's.
  const asker = run.requested_by_kind === 'person' ? run.requested_by_id : null;
  const approvers = approval.decision === 'approved' ? [asker, approval.decided_by_id] : [];
  return {
    approvedBy: approvers.filter((id) => id !== null),
    ...(approval.consent_at !== null && asker !== null ? { consent: { recordedBy: asker, at: approval.consent_at.toISOString() } } : {}),
    ...(approval.backup_at !== null ? { backupProvenAt: approval.backup_at.toISOString() } : {}),
    ...(approval.loss_accepted_by !== null && asker !== null ? { lossAcceptedBy: asker } : {}),
    ...(approval.ecid !== null ? { ecid: approval.ecid } : {}),
  };
}
