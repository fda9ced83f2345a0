import { type Audit, SERVER } from '../access/index.js';
import type { HostMessages, HostTx } from '../agents/index.js';
import { sightOf } from '../fixes/index.js';
import { factsAbout } from '../pairs/index.js';
import type { Bus } from '../platform/index.js';
import { type GuidedRow, stepsOf, UNDER_WAY } from './guided-rows.js';
import { type GuidedChange, progressOf } from './lifecycle.js';

const COLUMNS = [
  'state',
  'opened_at',
  'deadline_at',
  'due_at',
  'before',
  'at_start',
  'after',
  'settled_at',
  'ended_at',
  'ended_by_kind',
  'ended_by_id',
  'ended_by',
  'verdict',
  'waiting_for',
  'detail',
] as const satisfies readonly (keyof GuidedChange)[];

const JSONS: ReadonlySet<keyof GuidedChange> = new Set(['before', 'at_start', 'after']);

/** Ticks steps off and ends runs, in transactions that hold their hosts. */
export class Progressing {
  constructor(
    private readonly audit: Audit,
    private readonly bus: Bus,
  ) {}

  /** The room's share of the ingest transaction, after the facts were recorded. Costs one look into a small index where nothing is under way. */
  take(tx: HostTx, batch: readonly HostMessages[]): Promise<void> {
    return this.advance(
      tx,
      batch.map((h) => h.hostId),
    );
  }

  /** Looks at the runs under way on these hosts. */
  async advance(tx: HostTx, hostIds: readonly string[]): Promise<void> {
    const { rows } = await tx.client.query<GuidedRow>(
      `SELECT * FROM guided_run WHERE host_id = ANY($1::uuid[]) AND state IN ('awaiting-approval', 'open', 'settled') ORDER BY id FOR UPDATE`,
      [hostIds],
    );
    if (rows.length === 0) return;
    const steps = await stepsOf(
      tx.client,
      rows.map((r) => r.id),
    );
    for (const run of rows) {
      const aim = { hostId: run.host_id, pairId: run.pair_id, udid: run.udid };
      const { target, snapshot } = await sightOf(tx.client, aim, () => true);
      const facts = await factsAbout(tx.client, run.host_id, run.udid);
      const now = new Date(tx.now);
      const { shown, change } = progressOf({
        run,
        done: steps.get(run.id) ?? [],
        facts,
        after: snapshot,
        revoked: target.revoked,
        now,
      });
      for (const { step, lookedAt } of shown)
        await tx.client.query('INSERT INTO guided_step (run_id, step, at, looked_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
          run.id,
          step,
          now,
          lookedAt,
        ]);
      if (change) await this.change(tx, run, change);
      if (shown.length > 0 || change?.state !== undefined) this.tell(tx, run);
    }
  }

  /** Writes what changed of a locked run; an end is written into the audit. */
  async change(tx: HostTx, run: GuidedRow, change: GuidedChange): Promise<void> {
    const columns = COLUMNS.filter((c) => change[c] !== undefined);
    const values = columns.map((c) => (JSONS.has(c) ? JSON.stringify(change[c]) : change[c]));
    await tx.client.query(`UPDATE guided_run SET ${columns.map((c, i) => `"${c}" = $${i + 2}`).join(', ')} WHERE id = $1`, [
      run.id,
      ...values,
    ]);
    // A person's word is written where it was said.
    if (change.state === undefined || UNDER_WAY.includes(change.state) || change.ended_by) return;
    await this.audit.write(tx.client, {
      actor: SERVER,
      action: `guided-run.${change.state}`,
      subject: { kind: 'guided-run', id: run.id },
      detail: { fix: run.fix, cause: run.cause, verdict: change.verdict ?? null, reason: change.detail ?? null },
    });
  }

  /** Pages and tickets look again, after the commit. */
  tell(tx: HostTx, run: Pick<GuidedRow, 'id' | 'host_id' | 'pair_id' | 'state'>): void {
    tx.onCommit(() => this.bus.publish('run.changed', { runId: run.id, hostId: run.host_id, pairId: run.pair_id }));
    // It waited for somebody's yes until now.
    if (run.state === 'awaiting-approval') tx.onCommit(() => this.bus.publish('approvals.changed', {}));
  }
}
