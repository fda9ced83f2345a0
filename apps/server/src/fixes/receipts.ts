import type { OrderRefusal } from '@lockstep/core/protocol';
import { type Audit, SERVER } from '../access/index.js';
import type { HostMessages, HostTx } from '../agents/index.js';
import type { Bus, Log } from '../platform/index.js';
import { judged, type Receipt, type RunChange, receive } from './lifecycle.js';
import { ACTIVE, type RunRow } from './run-rows.js';
import { changeRun, lockRuns } from './store.js';
import { sightOf } from './target.js';

export interface ReceiptsDeps {
  audit: Audit;
  bus: Bus;
  log: Log;
  /** Called after the commit for runs that are over. */
  over: (runId: string) => void;
}

const isReceipt = (m: HostMessages['messages'][number]): m is Receipt => m.type.startsWith('fix.');

/** What agents tell about runs, in the ingest transaction, after the facts that came with it were recorded. */
export class Receipts {
  /** Called for every order that a host did not take. */
  refused: (reason: OrderRefusal) => void = () => undefined;

  constructor(private readonly deps: ReceiptsDeps) {}

  /** The room's share of the transaction. */
  async settle(tx: HostTx, batch: readonly HostMessages[]): Promise<void> {
    const now = new Date(tx.now);
    const told = batch.flatMap(({ hostId, messages }) => messages.filter(isReceipt).map((receipt) => ({ hostId, receipt })));
    const runs = new Map(
      (await lockRuns(tx.client, [...new Set(told.map((t) => t.receipt.runId).filter((id) => id !== null))])).map((r) => [r.id, r]),
    );
    for (const { hostId, receipt } of told) {
      const run = receipt.runId === null ? undefined : runs.get(receipt.runId);
      // A host speaks of its own runs only.
      if (run?.host_id !== hostId) {
        this.deps.log.warn('a receipt of a run that is not the host’s', {
          hostId,
          runId: receipt.runId,
          type: receipt.type,
          reason: receipt.type === 'fix.refused' ? receipt.reason : null,
        });
        continue;
      }
      if (receipt.type === 'fix.refused') tx.onCommit(() => this.refused(receipt.reason));
      const change = receive(run, receipt, now);
      if (!change) continue;
      const isLate = !ACTIVE.includes(run.state);
      const next = { ...run, ...change };
      const last = change.state === 'settled' && isLate ? judged(next, await this.#after(tx, next), now, true) : null;
      runs.set(run.id, await this.#change(tx, run, { ...change, ...last }));
    }
    await this.judgeSettled(
      tx,
      batch.map((h) => h.hostId),
    );
  }

  /** Judges those settled runs of these hosts that can be judged now. */
  async judgeSettled(tx: HostTx, hostIds: readonly string[]): Promise<void> {
    const { rows } = await tx.client.query<RunRow>(
      `SELECT * FROM fix_run WHERE state = 'settled' AND host_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
      [hostIds],
    );
    for (const run of rows) {
      const change = judged(run, await this.#after(tx, run), new Date(tx.now));
      if (change) await this.#change(tx, run, change);
    }
  }

  async #after(tx: HostTx, run: RunRow) {
    return (await sightOf(tx.client, { hostId: run.host_id, pairId: run.pair_id, udid: run.udid }, () => true)).snapshot;
  }

  async #change(tx: HostTx, run: RunRow, change: RunChange): Promise<RunRow> {
    const next = await changeRun(tx.client, run, change);
    if (next.state === 'judged' || next.state === 'refused') {
      await this.deps.audit.write(tx.client, {
        actor: SERVER,
        action: `fix-run.${next.state}`,
        subject: { kind: 'fix-run', id: run.id },
        detail: { fix: run.fix, cause: run.cause, mechanics: next.mechanics, verdict: next.verdict, reason: next.detail },
      });
    }
    tx.onCommit(() => {
      if (!ACTIVE.includes(next.state)) this.deps.over(run.id);
      this.deps.bus.publish('run.changed', { runId: run.id, hostId: run.host_id, pairId: run.pair_id });
    });
    return next;
  }
}
