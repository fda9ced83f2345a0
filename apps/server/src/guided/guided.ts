import { randomUUID } from 'node:crypto';
import { APPROVAL_WAIT_MS, type Approval, comparedKinds, FIXES, mayGuide, type StepId, stepHasProof } from '@lockstep/core/fixes';
import { type CauseId as Cause, type FactSet } from '@lockstep/core/health';
import type { GuidedRunView } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Audit, actorOf, type Caller } from '../access/index.js';
import type { Agents, HostTx } from '../agents/index.js';
import {
  type Aim,
  aimAtHost,
  aimAtPair,
  checkAskedFor,
  checkRecord,
  checkTarget,
  type DeclineBody,
  type Fixes,
  RECORD,
  sightOf,
  TARGET,
} from '../fixes/index.js';
import { factsAbout } from '../pairs/index.js';
import {
  type Bus,
  type Clock,
  type Database,
  type Leadership,
  type Log,
  ProblemError,
  sqlState,
  UNIQUE_VIOLATION,
} from '../platform/index.js';
import { type ApproveGuidedBody, Approving } from './approving.js';
import { type GuidedQuery, guidedEfficacy, guidedOfPair, listGuided } from './guided-list.js';
import { GUIDED, type GuidedRecord, type GuidedRow, guidedView, withSteps } from './guided-rows.js';
import { GuidedSweep } from './guided-sweep.js';
import { Progressing } from './progress.js';

/** Guided runs that a pair's page shows. */
const MOST = 20;

/** Body of POST /guided-runs: a pair, or a host for a fix that acts on the computer as a whole. */
export const StartBody = z.strictObject({ ...TARGET, ...RECORD }).superRefine((b, ctx) => {
  checkTarget(b, ctx);
  checkAskedFor(b, ctx);
});
export type StartBody = z.output<typeof StartBody>;

export interface GuidedDeps {
  database: Pick<Database, 'pool' | 'tx'>;
  agents: Pick<Agents, 'ingest' | 'transactions'>;
  fixes: Pick<Fixes, 'details' | 'orders'>;
  leader: Leadership;
  audit: Audit;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/** The room's plain heart: people are led step by step, and the facts say what was done and whether it helped. Made after the fixes room. */
export class Guided {
  readonly sweep: GuidedSweep;
  readonly #progressing: Progressing;
  readonly #approving: Approving;

  constructor(private readonly deps: GuidedDeps) {
    const { database, agents, fixes, leader, audit, bus, clock } = deps;
    const log = deps.log.child({ room: 'guided' });
    this.#progressing = new Progressing(audit, bus);
    this.#approving = new Approving(audit, this.#progressing);
    agents.ingest.register((tx, batch) => this.#progressing.take(tx, batch));
    this.sweep = new GuidedSweep({ database, transactions: agents.transactions, progressing: this.#progressing, leader, bus, clock, log });
    fixes.details.withGuided({
      runs: (pair) => guidedOfPair(database.pool, pair, MOST),
      efficacy: () => guidedEfficacy(database.pool),
    });
    fixes.orders.countAlso(async () => {
      const { rows } = await database.pool.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM guided_run WHERE state = 'awaiting-approval'`,
      );
      return rows[0]?.n ?? 0;
    });
  }

  list(query: GuidedQuery): Promise<{ items: GuidedRunView[]; next: string | null }> {
    return listGuided(this.deps.database.pool, query);
  }

  /** One run. @throws ProblemError 404 */
  async run(id: string): Promise<GuidedRunView> {
    const { pool } = this.deps.database;
    const { rows } = await pool.query<GuidedRecord>(`${GUIDED} WHERE r.id = $1`, [id]);
    const [record] = await withSteps(pool, rows);
    if (!record) throw new ProblemError(404, 'not-found', 'There is no such guided run.');
    return guidedView(record);
  }

  /**
   * Starts a guided run: the same question the console's button asks, answered by the same function. One that needs somebody's yes waits
   * for that before the first step.
   * @throws ProblemError 400, 404, 403 `role` or `person-required`, or 409 with the word of the refusal
   */
  async start(body: StartBody, caller: Caller, address: string): Promise<GuidedRunView> {
    const { database, clock, audit, bus } = this.deps;
    const id = randomUUID();
    const now = clock.now();
    let aim: Aim | null = null;
    let needs: Approval = 'none';
    try {
      await database.tx(async (tx) => {
        aim = body.pairId !== undefined ? await aimAtPair(tx, body.pairId) : await aimAtHost(tx, body.hostId ?? '');
        if (!aim) throw missing(body);
        const { target, snapshot } = await sightOf(tx, aim, () => true);
        const { treats, deadlineS } = FIXES[body.fix];
        if (body.cause !== undefined && !treats.includes(body.cause as Cause)) throw invalid('cause', `is not treated by ${body.fix}`);
        const may = mayGuide(body.fix, { ...target, openCauses: snapshot.openCauses }, caller.role);
        if (!may.ok) throw new ProblemError(may.code === 'role' ? 403 : 409, may.code, may.sentence);
        const cause = snapshot.openCauses.find((c) => (body.cause === undefined ? treats.includes(c) : c === body.cause));
        if (cause === undefined)
          throw new ProblemError(409, 'cause-not-open', `The cause ${body.cause ?? ''} is not open here now.`, [
            { field: 'cause', message: 'is not open' },
          ]);
        needs = may.needs;
        if (needs === 'second-person') checkRecord(body, caller, target.backupAt ?? null, now);
        const facts = await factsAbout(tx, aim.hostId, aim.udid);
        const atStart = Object.fromEntries(comparedKinds(body.fix).flatMap((k) => (facts[k] ? [[k, facts[k]]] : []))) as FactSet;
        const deadline = new Date(now + (needs === 'none' ? deadlineS * 1000 : APPROVAL_WAIT_MS));
        await tx.query(
          `INSERT INTO guided_run (id, host_id, pair_id, udid, fix, cause, state, started_by_kind, started_by_id, started_by, started_at, deadline_at, due_at, before, at_start, opened_at)
           VALUES ($1, $2, $3, $4, $5, $6, $14, $7, $8, $9, $10, $11, $11, $12, $13, $15)`,
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
            new Date(now),
            deadline,
            JSON.stringify(snapshot),
            JSON.stringify(atStart),
            needs === 'none' ? 'open' : 'awaiting-approval',
            needs === 'none' ? new Date(now) : null,
          ],
        );
        if (needs !== 'none')
          await tx.query(
            'INSERT INTO guided_approval (run_id, needs, consent_holder, consent_how, consent_at, loss_accepted_by) VALUES ($1, $2, $3, $4, $5, $6)',
            [id, needs, body.consent?.holder ?? null, body.consent?.how ?? null, body.consent?.at ?? null, body.lossAcceptedBy ?? null],
          );
        await audit.write(tx, {
          actor: actorOf(caller),
          action: needs === 'none' ? 'guided-run.started' : 'guided-run.asked',
          subject: { kind: 'guided-run', id },
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
      if (sqlState(error) === UNIQUE_VIOLATION)
        throw new ProblemError(409, 'guided-active', 'Somebody is at these steps here already.', [
          { field: 'fix', message: 'is under way' },
        ]);
      throw error;
    }
    const run = await this.run(id);
    bus.publish('run.changed', { runId: id, hostId: run.hostId, pairId: run.pairId });
    if (run.approval) bus.publish('approvals.changed', {});
    return run;
  }

  /** Says yes to a run that waits for it. @throws ProblemError 403, 404, 409 */
  async approve(id: string, body: ApproveGuidedBody, caller: Caller, address: string): Promise<GuidedRunView> {
    await this.#withRun(id, (tx, run) => this.#approving.approve(tx, run, body, caller, address));
    return this.run(id);
  }

  /** Says no to it. @throws ProblemError 403, 404, 409 */
  async decline(id: string, body: DeclineBody, caller: Caller, address: string): Promise<GuidedRunView> {
    await this.#withRun(id, (tx, run) => this.#approving.decline(tx, run, body, caller, address));
    return this.run(id);
  }

  /**
   * Takes somebody's word that a step was done. Saying it twice says it once.
   * @throws ProblemError 404, 400 for a step that is not one of the run's, 409 `has-proof` or `not-open`
   */
  async tick(id: string, step: StepId, caller: Caller, address: string): Promise<GuidedRunView> {
    await this.#withRun(id, async (tx, run) => {
      if (!FIXES[run.fix].steps.some((s) => s === step)) throw invalid('step', `is not a step of ${run.fix}`);
      if (stepHasProof(step))
        throw new ProblemError(409, 'has-proof', 'The facts tick this step off as soon as they show it. Nobody else can.', [
          { field: 'step', message: 'is ticked off by facts' },
        ]);
      if (run.state === 'awaiting-approval') throw new ProblemError(409, 'not-open', 'Somebody has to approve it before the first step.');
      if (run.state !== 'open') throw new ProblemError(409, 'not-open', `This run is ${run.state}: its steps are over.`);
      const { rowCount } = await tx.client.query(
        'INSERT INTO guided_step (run_id, step, at, looked_at, by_kind, by_id, "by") VALUES ($1, $2, $3, $3, $4, $5, $6) ON CONFLICT DO NOTHING',
        [id, step, new Date(tx.now), caller.kind, caller.id, caller.name],
      );
      if (rowCount !== 1) return;
      await this.deps.audit.write(tx.client, {
        actor: actorOf(caller),
        action: 'guided-run.ticked',
        subject: { kind: 'guided-run', id },
        address,
        detail: { fix: run.fix, step },
      });
      this.#progressing.tell(tx, run);
      await this.#progressing.advance(tx, [run.host_id]);
    });
    return this.run(id);
  }

  /**
   * Ends a run that nobody carries on.
   * @throws ProblemError 404, or 409 `too-late` when it is over
   */
  async abandon(id: string, caller: Caller, address: string): Promise<GuidedRunView> {
    await this.#withRun(id, async (tx, run) => {
      if (run.state !== 'open' && run.state !== 'awaiting-approval')
        throw new ProblemError(409, 'too-late', `This run is ${run.state}: only an open one can be abandoned.`);
      await this.#progressing.change(tx, run, {
        state: 'cancelled',
        ended_at: new Date(tx.now),
        due_at: null,
        ended_by_kind: caller.kind,
        ended_by_id: caller.id,
        ended_by: caller.name,
        detail: 'by-person',
      });
      await this.deps.audit.write(tx.client, {
        actor: actorOf(caller),
        action: 'guided-run.cancelled',
        subject: { kind: 'guided-run', id },
        address,
        detail: { fix: run.fix, cause: run.cause },
      });
      this.#progressing.tell(tx, run);
    });
    return this.run(id);
  }

  /** Holds the run's host, as the ingest transaction does, and then the run. */
  async #withRun(id: string, work: (tx: HostTx, run: GuidedRow) => Promise<void>): Promise<void> {
    const { database, agents } = this.deps;
    const { rows } = await database.pool.query<{ host_id: string }>('SELECT host_id FROM guided_run WHERE id = $1', [id]);
    const hostId = rows[0]?.host_id;
    if (hostId === undefined) throw new ProblemError(404, 'not-found', 'There is no such guided run.');
    await agents.transactions.run([hostId], async (tx) => {
      const found = await tx.client.query<GuidedRow>('SELECT * FROM guided_run WHERE id = $1 FOR UPDATE', [id]);
      const [run] = found.rows;
      if (run) await work(tx, run);
    });
  }
}

const invalid = (field: string, message: string) => new ProblemError(400, 'invalid-input', `${field}: ${message}`, [{ field, message }]);

function missing(body: StartBody): ProblemError {
  const field = body.pairId !== undefined ? { field: 'pairId', message: 'is not a pair' } : { field: 'hostId', message: 'is not a host' };
  return new ProblemError(404, 'not-found', `${field.field}: ${field.message}`, [field]);
}
