import { printable } from '@lockstep/core/health';
import type { RunView } from '@lockstep/core/protocol';
import { WORDS } from './words.js';

const W = WORDS.approval;

type Run = Pick<RunView, 'state' | 'detail' | 'approval' | 'heldBy'>;

/** Whose yes a run waits for; null when it waits for none. */
export function needsWords(run: Run): string | null {
  return run.state === 'awaiting-approval' && run.approval ? W.needs[run.approval.needs] : null;
}

/** What was decided about a run, or that time decided; null when nothing was. */
export function decidedWords(run: Run): string | null {
  const { approval } = run;
  if (!approval) return null;
  const by = printable(approval.decidedBy ?? '');
  if (approval.decision === 'approved')
    return run.heldBy === 'not-now' ? W.approvedButNot(W.notNow[run.detail ?? ''] ?? run.detail ?? '') : W.approved(by);
  if (approval.decision === 'declined') return W.declined(by, approval.reason === null ? null : printable(approval.reason));
  return run.state === 'expired' ? W.expired : null;
}
