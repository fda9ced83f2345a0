import { backupProves, comparedKinds, FIXES, mayDecide, mayGuide } from '@lockstep/core/fixes';
import type { FactSet } from '@lockstep/core/health';
import type { z } from 'zod';
import { type Audit, actorOf, type Caller } from '../access/index.js';
import type { HostTx } from '../agents/index.js';
import { ApproveBody, covered, type DeclineBody, peopleStand, sightOf } from '../fixes/index.js';
import { factsAbout } from '../pairs/index.js';
import { ProblemError } from '../platform/index.js';
import type { GuidedApprovalRow, GuidedRow } from './guided-rows.js';
import type { Progressing } from './progress.js';

/** Body of POST /guided-runs/:id/approve. No order is signed, so no ECID is asked for: whoever does the steps has the phone in hand. */
export const ApproveGuidedBody = ApproveBody.omit({ ecid: true });
export type ApproveGuidedBody = z.output<typeof ApproveGuidedBody>;

const conflict = (code: string, sentence: string) => new ProblemError(409, code, sentence);

/** Decides about guided runs that wait for somebody's yes, by the rules that orders are decided by. The caller holds the run. */
export class Approving {
  constructor(
    private readonly audit: Audit,
    private readonly progressing: Pick<Progressing, 'change' | 'tell'>,
  ) {}

  /**
   * Says yes: the first step may begin, if the run could be started as things stand now. Said twice it is said once.
   * @throws ProblemError 403, or 409 with the word of what is in the way
   */
  async approve(tx: HostTx, run: GuidedRow, body: ApproveGuidedBody, caller: Caller, address: string): Promise<void> {
    const approval = await this.#waiting(tx, run, 'approved', caller);
    if (approval === null) return;
    const { target, snapshot } = await sightOf(tx.client, { hostId: run.host_id, pairId: run.pair_id, udid: run.udid }, () => true);
    const again = mayGuide(run.fix, { ...target, openCauses: snapshot.openCauses }, caller.role);
    if (!again.ok) throw conflict(again.code, again.sentence);
    if (!snapshot.openCauses.includes(run.cause)) throw conflict('cause-not-open', 'What it was asked for is not wrong here any more.');
    const backupAt = target.backupAt ?? null;
    if (approval.needs === 'second-person') {
      const asker = { requested_by_id: run.started_by_id, requested_by_kind: run.started_by_kind };
      if (!(await peopleStand(tx.client, asker, approval)))
        throw conflict('asker-gone', 'Whoever asked for it may not do it any more. Decline it and ask anew.');
      if (!covered(approval, backupAt, tx.now))
        throw conflict(
          'needs-backup-or-loss-accepted',
          'The backup is more than a day old by now, and nobody accepted the loss. Decline it, back up, and ask anew.',
        );
    }
    const proven = approval.needs === 'second-person' && backupAt !== null && backupProves(backupAt, tx.now) ? new Date(backupAt) : null;
    await this.#decide(tx, { ...approval, decision: 'approved', backup_at: proven }, caller, body.reason ?? null);
    // The steps are compared with how things stand when they may begin, not with how they stood when somebody asked.
    const facts = await factsAbout(tx.client, run.host_id, run.udid);
    const atStart = Object.fromEntries(comparedKinds(run.fix).flatMap((k) => (facts[k] ? [[k, facts[k]]] : []))) as FactSet;
    const deadline = new Date(tx.now + FIXES[run.fix].deadlineS * 1000);
    await this.progressing.change(tx, run, {
      state: 'open',
      opened_at: new Date(tx.now),
      deadline_at: deadline,
      due_at: deadline,
      before: snapshot,
      at_start: atStart,
    });
    await this.audit.write(tx.client, {
      actor: actorOf(caller),
      action: 'guided-run.approved',
      subject: { kind: 'guided-run', id: run.id },
      address,
      detail: {
        fix: run.fix,
        cause: run.cause,
        askedBy: run.started_by,
        reason: body.reason ?? null,
        backupAt: proven?.toISOString() ?? null,
        lossAcceptedBy: approval.loss_accepted_by,
      },
    });
    this.progressing.tell(tx, run);
  }

  /**
   * Says no: the run is over. Said twice it is said once.
   * @throws ProblemError 403, 409
   */
  async decline(tx: HostTx, run: GuidedRow, body: DeclineBody, caller: Caller, address: string): Promise<void> {
    const approval = await this.#waiting(tx, run, 'declined', caller);
    if (approval === null) return;
    await this.#decide(tx, { ...approval, decision: 'declined' }, caller, body.reason);
    await this.progressing.change(tx, run, {
      state: 'cancelled',
      ended_at: new Date(tx.now),
      due_at: null,
      ended_by_kind: caller.kind,
      ended_by_id: caller.id,
      ended_by: caller.name,
      detail: 'declined',
    });
    await this.audit.write(tx.client, {
      actor: actorOf(caller),
      action: 'guided-run.declined',
      subject: { kind: 'guided-run', id: run.id },
      address,
      detail: { fix: run.fix, cause: run.cause, askedBy: run.started_by, reason: body.reason },
    });
    this.progressing.tell(tx, run);
  }

  /** What is known of the approval of a locked run; null when it was decided so already. */
  async #waiting(tx: HostTx, run: GuidedRow, decision: 'approved' | 'declined', caller: Caller): Promise<GuidedApprovalRow | null> {
    const { rows } = await tx.client.query<GuidedApprovalRow>('SELECT * FROM guided_approval WHERE run_id = $1', [run.id]);
    const [approval] = rows;
    if (!approval) throw conflict('no-approval-needed', 'This run needs nobody’s yes.');
    const may = mayDecide({ needs: approval.needs, askedBy: { kind: run.started_by_kind, id: run.started_by_id } }, caller);
    if (!may.ok) throw new ProblemError(403, may.code, may.sentence);
    if (approval.decision === decision) return null;
    if (approval.decision !== null) throw conflict('decided', `${approval.decided_by} has ${approval.decision} it already.`);
    if (run.state !== 'awaiting-approval' || run.deadline_at.getTime() <= tx.now)
      throw conflict('too-late', run.state === 'awaiting-approval' ? 'It waited too long and has expired.' : `This run is ${run.state}.`);
    return approval;
  }

  async #decide(tx: HostTx, row: GuidedApprovalRow, caller: Caller, reason: string | null): Promise<void> {
    await tx.client.query(
      'UPDATE guided_approval SET decision = $2, decided_by_id = $3, decided_by = $4, decided_at = $5, reason = $6, backup_at = $7 WHERE run_id = $1',
      [row.run_id, row.decision, caller.id, caller.name, new Date(tx.now), reason === '' ? null : reason, row.backup_at],
    );
  }
}
