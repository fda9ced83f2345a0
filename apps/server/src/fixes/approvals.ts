import { backupProves, clearanceLacks, FIXES, mayDecide, mayRun } from '@lockstep/core/fixes';
import { type Os, text } from '@lockstep/core/health';
import { z } from 'zod';
import { type Audit, actorOf, type Caller } from '../access/index.js';
import {
  type Bus,
  type Clock,
  type Database,
  type Jobs,
  type Log,
  ProblemError,
  sqlState,
  type Tx,
  UNIQUE_VIOLATION,
} from '../platform/index.js';
import { type ApprovalRow, approvalOfRun, clearanceOf } from './approval-rows.js';
import { QUEUED_MS } from './ask.js';
import { covered, peopleStand } from './cleared.js';
import type { Orders } from './orders.js';
import { AWAITING, type RunRow } from './run-rows.js';
import { changeRun, lockRuns } from './store.js';
import { sightOf } from './target.js';

/**
 * How long an approved run may wait for its computer, ms: as any other; or an hour where data may be lost, because those who said yes should
 * be around when it happens, and a laptop that is opened the next day must not erase a phone by itself.
 */
export const APPROVED_FOR = { admin: QUEUED_MS, 'second-person': 3_600_000 } as const;

const Reason = text(300).transform((s) => s.trim());
/** The phone's own number, as people copy it: with or without `0x`, leading zeros left out. */
const Ecid = z
  .string()
  .regex(/^(0x)?[0-9a-fA-F]{1,16}$/, 'must be up to 16 hex digits')
  .transform((s) => s.replace(/^0x/, '').toUpperCase().padStart(16, '0'));

/** Body of POST /fix-runs/:id/approve. `ecid` is asked for where the UDID does not hold it, before the A12. */
export const ApproveBody = z.strictObject({ reason: Reason.optional(), ecid: Ecid.optional() });
export type ApproveBody = z.output<typeof ApproveBody>;
/** Body of POST /fix-runs/:id/decline. Whoever asked reads why. */
export const DeclineBody = z.strictObject({ reason: Reason.pipe(z.string().min(1, 'is required: whoever asked will read it')) });
export type DeclineBody = z.output<typeof DeclineBody>;

export interface ApprovalsDeps {
  database: Pick<Database, 'tx'>;
  orders: Pick<Orders, 'standing'>;
  audit: Audit;
  jobs: Pick<Jobs, 'add'>;
  bus: Bus;
  clock: Clock;
  log: Log;
  isConnected: (hostId: string) => boolean;
}

const conflict = (code: string, sentence: string) => new ProblemError(409, code, sentence);

/** Decides about runs that wait for somebody's yes. */
export class Approvals {
  constructor(private readonly deps: ApprovalsDeps) {}

  /**
   * Says yes: the run is queued, if it may run as things stand now. Said twice it is said once.
   * @throws ProblemError 400 `ecid`, 403, 404, or 409 with the word of what is in the way
   */
  async approve(id: string, body: ApproveBody, caller: Caller, address: string): Promise<void> {
    const { database, clock, audit } = this.deps;
    const queued = await database
      .tx(async (tx) => {
        const { run, approval } = await this.#waiting(tx, id, 'approved', caller);
        if (run === null) return null;
        const now = clock.now();
        const { backupAt, os } = await this.#check(tx, run, approval, caller, now);
        const ecid = approval.needs === 'second-person' ? ecidOf(run, body.ecid) : null;
        const decided: ApprovalRow = {
          ...approval,
          backup_at: backupAt === null ? null : new Date(backupAt),
          ecid,
          decision: 'approved',
          decided_by_id: caller.id,
        };
        const lack = clearanceLacks(FIXES[run.fix], clearanceOf(run, decided), os);
        if (lack !== null) throw conflict(lack, 'What was written down is not enough to go ahead with it.');
        await this.#decide(tx, decided, caller, body.reason ?? null);
        await changeRun(tx, run, { state: 'queued', expires_at: new Date(now + APPROVED_FOR[approval.needs]) });
        await audit.write(tx, {
          actor: actorOf(caller),
          action: 'fix-run.approved',
          subject: { kind: 'fix-run', id },
          address,
          detail: {
            fix: run.fix,
            cause: run.cause,
            askedBy: run.requested_by,
            reason: body.reason ?? null,
            backupAt: decided.backup_at?.toISOString() ?? null,
            lossAcceptedBy: decided.loss_accepted_by,
          },
        });
        return run;
      })
      .catch((error: unknown) => {
        // Another run began in the same moment; this one goes on waiting.
        if (sqlState(error) === UNIQUE_VIOLATION) throw conflict('run-active', 'Another fix is still running here. Wait for its result.');
        throw error;
      });
    if (queued === null) return;
    this.#tell(queued);
    // The row is the truth; a sweep looks for rows that nobody carried.
    await this.deps.jobs.add('fix.dispatch', { runId: id, attempt: 0 }, { id: `${id}-0` }).catch((error: unknown) => {
      this.deps.log.warn('an approved fix run could not be put into the queue, the sweep will', { runId: id, error });
    });
  }

  /**
   * Says no: the run is over. Said twice it is said once.
   * @throws ProblemError 403, 404, 409
   */
  async decline(id: string, body: DeclineBody, caller: Caller, address: string): Promise<void> {
    const { database, audit } = this.deps;
    const declined = await database.tx(async (tx) => {
      const { run, approval } = await this.#waiting(tx, id, 'declined', caller);
      if (run === null) return null;
      await this.#decide(tx, { ...approval, decision: 'declined' }, caller, body.reason);
      await changeRun(tx, run, { state: 'cancelled', detail: 'declined' });
      await audit.write(tx, {
        actor: actorOf(caller),
        action: 'fix-run.declined',
        subject: { kind: 'fix-run', id },
        address,
        detail: { fix: run.fix, cause: run.cause, askedBy: run.requested_by, reason: body.reason },
      });
      return run;
    });
    if (declined !== null) this.#tell(declined);
  }

  /** Locks the run and what is known of its approval; `run` is null when it was decided so already. */
  async #waiting(
    tx: Tx,
    id: string,
    decision: 'approved' | 'declined',
    caller: Caller,
  ): Promise<{ run: RunRow; approval: ApprovalRow } | { run: null; approval: ApprovalRow }> {
    const [run] = await lockRuns(tx, [id]);
    if (!run) throw new ProblemError(404, 'not-found', 'There is no such fix run.');
    const approval = await approvalOfRun(tx, id);
    if (approval === null) throw conflict('no-approval-needed', 'This run needs nobody’s yes.');
    const may = mayDecide({ needs: approval.needs, askedBy: { kind: run.requested_by_kind, id: run.requested_by_id } }, caller);
    if (!may.ok) throw new ProblemError(403, may.code, may.sentence);
    if (approval.decision === decision) return { run: null, approval };
    if (approval.decision !== null) throw conflict('decided', `${approval.decided_by} has ${approval.decision} it already.`);
    if (run.state !== AWAITING || run.expires_at.getTime() <= this.deps.clock.now())
      throw conflict('too-late', run.state === AWAITING ? 'It waited too long and has expired.' : `This run is ${run.state}.`);
    return { run, approval };
  }

  /** Everything that was asked when the run was asked for, asked again. Returns when the backup finished that proves there is little to lose. */
  async #check(tx: Tx, run: RunRow, approval: ApprovalRow, caller: Caller, now: number): Promise<{ backupAt: number | null; os: Os }> {
    const { orders, isConnected } = this.deps;
    const { target } = await sightOf(tx, { hostId: run.host_id, pairId: run.pair_id, udid: run.udid }, isConnected);
    const others = target.awaiting?.filter((r) => r.id !== run.id);
    const again = mayRun(run.fix, { ...target, ...(await orders.standing(tx)), awaiting: others }, caller.role, now);
    if (!again.ok) throw conflict(again.code, again.sentence);
    if (!target.openCauses.includes(run.cause)) throw conflict('cause-not-open', 'What it was asked for is not wrong here any more.');
    const { os } = target;
    if (approval.needs === 'admin') return { backupAt: null, os };
    if (!(await peopleStand(tx, run, approval)))
      throw conflict('asker-gone', 'Whoever asked for it may not order anything any more. Decline it and ask anew.');
    const backupAt = target.backupAt ?? null;
    if (!covered(approval, backupAt, now))
      throw conflict(
        'needs-backup-or-loss-accepted',
        'The backup is more than a day old by now, and nobody accepted the loss. Decline it, back up, and ask anew.',
      );
    return { backupAt: backupProves(backupAt, now) ? backupAt : null, os };
  }

  async #decide(tx: Tx, row: ApprovalRow, caller: Caller, reason: string | null): Promise<void> {
    await tx.query(
      'UPDATE fix_approval SET decision = $2, decided_by_id = $3, decided_by = $4, decided_at = $5, reason = $6, backup_at = $7, ecid = $8 WHERE run_id = $1',
      [row.run_id, row.decision, caller.id, caller.name, this.deps.clock.date(), reason === '' ? null : reason, row.backup_at, row.ecid],
    );
  }

  #tell(run: RunRow): void {
    this.deps.bus.publish('run.changed', { runId: run.id, hostId: run.host_id, pairId: run.pair_id });
    this.deps.bus.publish('approvals.changed', {});
  }
}

/** The number of the phone that is to be erased, confirmed by the second person where the UDID does not hold it. */
function ecidOf(run: Pick<RunRow, 'udid'>, given: string | undefined): string | null {
  const refuse = (message: string) => new ProblemError(400, 'invalid-input', `ecid: ${message}`, [{ field: 'ecid', message }]);
  // Since the A12 a UDID is the chip's id, a dash, and the ECID.
  const held = run.udid === null ? null : (/^[0-9A-F]{8}-([0-9A-F]{16})$/.exec(run.udid)?.[1] ?? null);
  if (held !== null && given !== undefined && given !== held) throw refuse('is not this phone’s');
  if (held === null && given === undefined && run.udid !== null) throw refuse('is required: this phone’s UDID does not hold it');
  return given ?? null;
}
