import { FIXES } from '@lockstep/core/fixes';
import { ORDER_LIFE_MS, Order, type ServerOrder, SIGNED } from '@lockstep/core/protocol';
import type { Audit, OrderKey } from '../access/index.js';
import { SERVER } from '../access/index.js';
import type { ConnectedHost, Connections } from '../agents/index.js';
import type { Bus, Clock, Database, Log } from '../platform/index.js';
import { overdue, type RunChange, sendableAt } from './lifecycle.js';
import type { RunRow } from './run-rows.js';
import { changeRun, lockRuns } from './store.js';
import { sightOf } from './target.js';

export interface DispatchDeps {
  database: Pick<Database, 'tx'>;
  connections: Connections;
  orderKey: Pick<OrderKey, 'keyId' | 'sign'>;
  audit: Audit;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/** What became of an attempt to send a run. */
export type Dispatched = 'sent' | 'not-connected' | 'too-soon' | 'over';

/** Hands orders to the sockets of their hosts. Calling it twice, or for a run that is over, does no harm. */
export class Dispatch {
  /** Over which connection a run was sent last, by the agent's nonce: an order is void on any other. */
  readonly #sentOver = new Map<string, string>();

  constructor(private readonly deps: DispatchDeps) {}

  /** Signs an order for the run and sends it, if its host is connected and the run still makes sense. Never waits for a host. */
  async dispatch(runId: string): Promise<Dispatched> {
    const { database, connections, clock, audit } = this.deps;
    let send: { host: ConnectedHost; order: ServerOrder } | null = null;
    let changed: RunRow | null = null;
    const result = await database.tx(async (tx): Promise<Dispatched> => {
      const [run] = await lockRuns(tx, [runId]);
      const now = clock.date();
      if (!run || (run.state !== 'queued' && run.state !== 'sent')) return 'over';
      const over = overdue(run, now);
      const end = async (change: RunChange): Promise<Dispatched> => {
        changed = await changeRun(tx, run, change);
        await audit.write(tx, {
          actor: SERVER,
          action: `fix-run.${changed.state}`,
          subject: { kind: 'fix-run', id: run.id },
          detail: { fix: run.fix, cause: run.cause, reason: changed.detail },
        });
        return 'over';
      };
      if (over) return end(over);
      const host = connections.get(run.host_id);
      if (!host) return 'not-connected';
      if (this.#sentOver.get(runId) === host.nonce && now.getTime() < sendableAt(run)) return 'too-soon';
      const { target, snapshot } = await sightOf(tx, { hostId: run.host_id, pairId: run.pair_id, udid: run.udid }, (id) =>
        connections.isConnected(id),
      );
      if (target.revoked) return end({ state: 'cancelled', detail: 'host-revoked' });
      // It waited, and what it was asked for went away meanwhile.
      if (run.sent_at === null && !snapshot.openCauses.includes(run.cause)) return end({ state: 'cancelled', detail: 'cause-closed' });
      changed = await changeRun(tx, run, {
        state: 'sent',
        sent_at: now,
        attempts: run.attempts + 1,
        detail: null,
        ...(run.sent_at === null ? { before: snapshot } : {}),
      });
      send = { host, order: this.#sign(run, host, now) };
      if (run.sent_at === null) {
        await audit.write(tx, {
          actor: SERVER,
          action: 'fix-run.sent',
          subject: { kind: 'fix-run', id: run.id },
          detail: { fix: run.fix, hostId: run.host_id, keyId: this.deps.orderKey.keyId },
        });
      }
      return 'sent';
    });
    this.#afterCommit(send, changed);
    return result;
  }

  /** Forgets over which connection a run that is over was sent. */
  forget(runId: string): void {
    this.#sentOver.delete(runId);
  }

  #afterCommit(send: { host: ConnectedHost; order: ServerOrder } | null, run: RunRow | null): void {
    if (!run) return;
    if (send) {
      this.#sentOver.set(run.id, send.host.nonce);
      // A socket that just went down takes nothing; the next sign-on or the sweep sends again.
      send.host.send(send.order);
    }
    this.deps.bus.publish('run.changed', { runId: run.id, hostId: run.host_id, pairId: run.pair_id });
  }

  /** The order as exact bytes, and the signature over them. */
  #sign(run: RunRow, host: ConnectedHost, now: Date): ServerOrder {
    const order = Order.parse({
      version: 1,
      keyId: this.deps.orderKey.keyId,
      hostId: run.host_id,
      epoch: host.epoch,
      connection: host.nonce,
      runId: run.id,
      fix: run.fix,
      udid: FIXES[run.fix].scope === 'pair' ? run.udid : null,
      issuedAt: now.toISOString(),
      expiresAt: new Date(Math.min(now.getTime() + ORDER_LIFE_MS, run.expires_at.getTime())).toISOString(),
    });
    const bytes = Buffer.from(JSON.stringify(order), 'utf8');
    const signature = this.deps.orderKey.sign(Buffer.concat([Buffer.from(SIGNED.order), bytes]));
    return { type: 'order', keyId: order.keyId, order: bytes.toString('base64url'), signature };
  }
}
