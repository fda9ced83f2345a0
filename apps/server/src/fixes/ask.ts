import { randomUUID } from 'node:crypto';
import { APPROVAL_WAIT_MS, type Approval, approvalOf, FIXES, mayRun } from '@lockstep/core/fixes';
import { type CauseId as Cause } from '@lockstep/core/health';
import type { RunView } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Audit, actorOf, type Caller } from '../access/index.js';
import {
  type Bus,
  type Clock,
  type Database,
  type FieldError,
  type Jobs,
  type Log,
  ProblemError,
  sqlState,
  UNIQUE_VIOLATION,
} from '../platform/index.js';
import { checkAskedFor, checkRecord, RECORD } from './ask-record.js';
import { checkTarget, TARGET } from './ask-target.js';
import type { Orders } from './orders.js';
import { AWAITING, RUNS, type RunRecord, runView } from './run-rows.js';
import { type Aim, aimAtHost, aimAtPair, sightOf } from './target.js';

/** How long an order waits for a computer that is offline: a day, the longest a laptop is shut between two working days. */
export const QUEUED_MS = 24 * 3_600_000;

/** Body of POST /fix-runs: a pair, or a host for a fix that acts on the computer as a whole. */
export const AskBody = z.strictObject({ ...TARGET, ...RECORD }).superRefine((b, ctx) => {
  checkTarget(b, ctx);
  checkAskedFor(b, ctx);
});
export type AskBody = z.output<typeof AskBody>;

export interface AskDeps {
  database: Pick<Database, 'pool' | 'tx'>;
  orders: Pick<Orders, 'standing'>;
  audit: Audit;
  jobs: Pick<Jobs, 'add'>;
  bus: Bus;
  clock: Clock;
  log: Log;
  isConnected: (hostId: string) => boolean;
}

const invalid = (field: string, message: string) => new ProblemError(400, 'invalid-input', `${field}: ${message}`, [{ field, message }]);

/** Asks for fixes and takes requests back. */
export class Asking {
  constructor(private readonly deps: AskDeps) {}

  /**
   * Puts a run into the queue: the same question the console's button asks, answered by the same function.
   * @throws ProblemError 400, 404, 403 `role`, or 409 with the word of the refusal.
   */
  async ask(body: AskBody, caller: Caller, address: string): Promise<RunView> {
    const { database, orders, audit, clock, isConnected } = this.deps;
    const id = randomUUID();
    const now = clock.now();
    let needs: Approval = 'none';
    try {
      await database.tx(async (tx) => {
        const aim = await this.#aim(tx, body);
        const { target, snapshot } = await sightOf(tx, aim, isConnected);
        const row = FIXES[body.fix];
        if (body.cause !== undefined && !row.treats.includes(body.cause as Cause)) throw invalid('cause', `is not treated by ${body.fix}`);
        const answer = mayRun(body.fix, { ...target, ...(await orders.standing(tx)) }, caller.role, now);
        if (!answer.ok) throw refusal(answer);
        const cause =
          body.cause === undefined
            ? target.openCauses.find((c) => row.treats.includes(c))
            : target.openCauses.find((c) => c === body.cause);
        if (cause === undefined)
          throw new ProblemError(409, 'cause-not-open', `The cause ${body.cause ?? ''} is not open here now.`, [
            { field: 'cause', message: 'is not open' },
          ]);
        needs = approvalOf(body.fix, caller.role, target.os);
        if (needs === 'second-person') checkRecord(body, caller, target.backupAt ?? null, now);
        await tx.query(
          `INSERT INTO fix_run (id, host_id, pair_id, udid, fix, cause, state, requested_by_kind, requested_by_id, requested_by, before, asked_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $13, $7, $8, $9, $10, $11, $12)`,
          [
            id,
            aim.hostId,
            aim.pairId,
            aim.udid,
            body.fix,
            cause,
            caller.kind,
            caller.id,
            caller.name,
            JSON.stringify(snapshot),
            new Date(now).toISOString(),
            new Date(now + (needs === 'none' ? QUEUED_MS : APPROVAL_WAIT_MS)).toISOString(),
            needs === 'none' ? 'queued' : AWAITING,
          ],
        );
        if (needs !== 'none')
          await tx.query(
            'INSERT INTO fix_approval (run_id, needs, consent_holder, consent_how, consent_at, loss_accepted_by) VALUES ($1, $2, $3, $4, $5, $6)',
            [id, needs, body.consent?.holder ?? null, body.consent?.how ?? null, body.consent?.at ?? null, body.lossAcceptedBy ?? null],
          );
        await audit.write(tx, {
          actor: actorOf(caller),
          action: 'fix-run.asked',
          subject: { kind: 'fix-run', id },
          address,
          detail: {
            fix: body.fix,
            cause,
            hostId: aim.hostId,
            pairId: aim.pairId,
            ...(needs === 'none' ? {} : { needs }),
            ...(body.consent ? { consentOf: body.consent.holder, consentHow: body.consent.how, consentAt: body.consent.at } : {}),
            ...(body.lossAcceptedBy === undefined ? {} : { lossAcceptedBy: body.lossAcceptedBy }),
          },
        });
      });
    } catch (error) {
      // Two asked at once: the index on active runs let one in.
      if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
      throw needs === 'none'
        ? new ProblemError(409, 'run-active', 'Another fix is still running here. Wait for its result.')
        : new ProblemError(409, 'approval-pending', 'It was asked for already and waits for a yes.');
    }
    const run = await this.run(id);
    this.deps.bus.publish('run.changed', { runId: id, hostId: run.hostId, pairId: run.pairId });
    if (needs !== 'none') {
      this.deps.bus.publish('approvals.changed', {});
      return run;
    }
    // Not waited for longer than it takes to say so: the row is the truth, and a sweep looks for rows that nobody carried.
    await this.deps.jobs.add('fix.dispatch', { runId: id, attempt: 0 }, { id: `${id}-0` }).catch((error: unknown) => {
      this.deps.log.warn('a fix run could not be put into the queue, the sweep will', { runId: id, error });
    });
    return run;
  }

  /**
   * Takes a run back that was not sent yet.
   * @throws ProblemError 404, or 409 `too-late` when it was sent already.
   */
  async cancel(id: string, caller: Caller, address: string): Promise<RunView> {
    const { database, audit, bus } = this.deps;
    await database.tx(async (tx) => {
      const { rowCount } = await tx.query(
        `UPDATE fix_run SET state = 'cancelled', detail = 'by-person' WHERE id = $1 AND state IN ('queued', 'awaiting-approval')`,
        [id],
      );
      if (rowCount === 1) {
        await audit.write(tx, { actor: actorOf(caller), action: 'fix-run.cancelled', subject: { kind: 'fix-run', id }, address });
        return;
      }
      const known = await tx.query<{ state: string }>('SELECT state FROM fix_run WHERE id = $1', [id]);
      const state = known.rows[0]?.state;
      if (state === undefined) throw new ProblemError(404, 'not-found', 'There is no such fix run.');
      throw new ProblemError(409, 'too-late', `This run is ${state}: only one that was not sent can be cancelled.`);
    });
    const run = await this.run(id);
    bus.publish('run.changed', { runId: id, hostId: run.hostId, pairId: run.pairId });
    if (run.approval) bus.publish('approvals.changed', {});
    return run;
  }

  /** One run. @throws ProblemError 404 */
  async run(id: string): Promise<RunView> {
    const { rows } = await this.deps.database.pool.query<RunRecord>(`${RUNS} WHERE r.id = $1`, [id]);
    if (!rows[0]) throw new ProblemError(404, 'not-found', 'There is no such fix run.');
    return runView(rows[0]);
  }

  async #aim(tx: Parameters<typeof aimAtPair>[0], body: AskBody): Promise<Aim> {
    const field: FieldError =
      body.pairId !== undefined ? { field: 'pairId', message: 'is not a pair' } : { field: 'hostId', message: 'is not a host' };
    const aim = body.pairId !== undefined ? await aimAtPair(tx, body.pairId) : await aimAtHost(tx, body.hostId ?? '');
    if (!aim) throw new ProblemError(404, 'not-found', `${field.field}: ${field.message}`, [field]);
    return aim;
  }
}

function refusal(no: Extract<ReturnType<typeof mayRun>, { ok: false }>): ProblemError {
  return new ProblemError(no.code === 'role' ? 403 : 409, no.code, no.sentence);
}
