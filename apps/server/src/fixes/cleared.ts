import { backupProves, type Clearance, clearanceLacks, FIXES, mayRun, type RefusalCode } from '@lockstep/core/fixes';
import { mayAct, type Role } from '../access/index.js';
import type { Queryable } from '../pairs/index.js';
import { type ApprovalRow, approvalOfRun, clearanceOf } from './approval-rows.js';
import type { RunRow } from './run-rows.js';
import type { Sight } from './target.js';

/** Whether a run may be signed now: with what clearance, or not just now, or never. */
export type Cleared = { go: true; clearance: Clearance | null } | { go: false; wait: RefusalCode } | { go: false; end: string };

/**
 * Looks at a locked run again right before its order is signed: what was true when somebody said yes need not be true any more. Runs
 * that needed nobody's yes pass, unless data may be lost by their fix.
 */
export async function clearedToSend(tx: Queryable, run: RunRow, { target }: Sight, now: number): Promise<Cleared> {
  const approval = await approvalOfRun(tx, run.id);
  if (approval !== null) {
    if (approval.decision !== 'approved') return { go: false, end: 'not-approved' };
    if (!(await peopleStand(tx, run, approval))) return { go: false, end: 'approval-void' };
    const again = mayRun(
      run.fix,
      { ...target, connected: true, activeRun: target.activeRun?.id === run.id ? null : target.activeRun, awaiting: [] },
      'admin',
      now,
    );
    if (!again.ok) return { go: false, wait: again.code };
    if (approval.needs === 'second-person' && !covered(approval, target.backupAt, now))
      return { go: false, end: 'needs-backup-or-loss-accepted' };
  }
  const clearance = clearanceOf(run, approval);
  const lack = clearanceLacks(FIXES[run.fix], clearance, target.os);
  return lack === null ? { go: true, clearance } : { go: false, end: lack };
}

/** Whether the loss was accepted, or a backup still proves that there is little to lose. @param backupAt the last one that the facts show, ms */
export function covered(
  approval: Pick<ApprovalRow, 'loss_accepted_by' | 'backup_at'>,
  backupAt: number | null | undefined,
  now: number,
): boolean {
  return approval.loss_accepted_by !== null || backupProves(approval.backup_at?.getTime(), now) || backupProves(backupAt, now);
}

/** Whether those who asked and approved still are who they were: somebody who was disabled or demoted since said nothing. */
export async function peopleStand(
  tx: Queryable,
  run: Pick<RunRow, 'requested_by_id' | 'requested_by_kind'>,
  approval: Pick<ApprovalRow, 'needs' | 'decided_by_id'>,
): Promise<boolean> {
  const { rows } = await tx.query<{ id: string; role: Role }>(
    'SELECT id, role FROM person WHERE id = ANY($1::uuid[]) AND disabled_at IS NULL',
    [[run.requested_by_id, approval.decided_by_id].filter((id) => id !== null)],
  );
  const may = (id: string | null, role: Role) => rows.some((r) => r.id === id && mayAct(r.role, role));
  if (approval.decided_by_id !== null && !may(approval.decided_by_id, 'admin')) return false;
  return approval.needs === 'admin' || (run.requested_by_kind === 'person' && may(run.requested_by_id, 'technician'));
}
