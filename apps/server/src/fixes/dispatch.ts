import { type Clearance, FIXES } from '@lockstep/core/fixes';
import { ORDER_LIFE_MS, Order, type ServerOrder, SIGNED } from '@lockstep/core/protocol';
import type { Audit, OrderKey, OrderKeys } from '../access/index.js';
import { SERVER } from '../access/index.js';
import type { ConnectedHost, Connections, HostLinks } from '../agents/index.js';
import type { Bus, Clock, Database, Log } from '../platform/index.js';
import { clearedToSend } from './cleared.js';
import type { FleetCap } from './fleet-cap.js';
import { ORDERS_STOPPED, overdue, type RunChange, sendableAt } from './lifecycle.js';
import { readSwitch } from './order-switch.js';
import type { RunRow } from './run-rows.js';
import { changeRun, lockRuns } from './store.js';
import { sightOf } from './target.js';

export interface DispatchDeps {
  database: Pick<Database, 'tx'>;
  connections: Connections;
  links: Pick<HostLinks, 'isNewest'>;
  orderKeys: Pick<OrderKeys, 'find'>;
  cap: Pick<FleetCap, 'take'>;
  audit: Audit;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/** What became of an attempt to send a run. */
export type Dispatched = 'sent' | 'not-here' | 'too-soon' | 'stopped' | 'held' | 'over';

/** Hands orders to the sockets of their hosts. Calling it twice, or for a run that is over, does no harm. */
export class Dispatch {
  /** Called for every order that was handed over. */
  sent: (fix: RunRow['fix']) => void = () => undefined;
  /** Over which connection a run was sent last, by the agent's nonce: an order is void on any other. */
  readonly #sentOver = new Map<string, string>();

  constructor(private readonly deps: DispatchDeps) {}

  /**
   * Signs an order for the run and sends it, if its host is connected here, the run still makes sense, orders are not stopped and the
   * fleet-wide cap has a place for it. Never waits for a host.
   * @param handOver when the host is not connected here, whichever server process holds its socket is told; a hint like any other
   */
  async dispatch(runId: string, handOver: boolean): Promise<Dispatched> {
    const { database, connections, links, clock, audit, bus } = this.deps;
    let elsewhere: string | null = null;
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
      // A socket that was replaced at another server does not know it yet: what is signed for it nobody would obey.
      if (!host || !(await links.isNewest(tx, host))) {
        elsewhere = run.host_id;
        return 'not-here';
      }
      if (run.not_before !== null && now < run.not_before) return 'held';
      if (this.#sentOver.get(runId) === host.nonce && now.getTime() < sendableAt(run)) return 'too-soon';
      // Agents take orders of the key that proved this server to them; the socket of one that ended is on its way out.
      const orderKey = this.deps.orderKeys.find(host.keyId);
      if (!orderKey) return 'not-here';
      // Held until the commit: a stop waits for it, and once that is committed nothing is signed.
      if ((await readSwitch(tx, true)).stopped) {
        if (run.state === 'queued' && run.detail !== ORDERS_STOPPED) changed = await changeRun(tx, run, { detail: ORDERS_STOPPED });
        return 'stopped';
      }
      const sight = await sightOf(tx, { hostId: run.host_id, pairId: run.pair_id, udid: run.udid }, (id) => connections.isConnected(id));
      const { target, snapshot } = sight;
      if (target.revoked) return end({ state: 'cancelled', detail: 'host-revoked' });
      // It waited, and what it was asked for went away meanwhile.
      if (run.sent_at === null && !snapshot.openCauses.includes(run.cause)) return end({ state: 'cancelled', detail: 'cause-closed' });
      // Who approved it, and what they made sure of, is looked at again each time an order is signed.
      const cleared = await clearedToSend(tx, run, sight, now.getTime());
      if (!cleared.go && 'end' in cleared) return end({ state: 'cancelled', detail: cleared.end });
      if (!cleared.go) {
        if (run.state === 'queued' && run.detail !== cleared.wait) changed = await changeRun(tx, run, { detail: cleared.wait });
        return 'held';
      }
      const place = await this.deps.cap.take(tx, run, now);
      if (place.held) {
        changed = await changeRun(tx, run, { not_before: place.notBefore, ...(run.state === 'queued' ? { detail: null } : {}) });
        return 'held';
      }
      changed = await changeRun(tx, run, {
        state: 'sent',
        sent_at: now,
        attempts: run.attempts + 1,
        detail: null,
        not_before: null,
        place_at: place.place,
        ...(run.sent_at === null ? { before: snapshot } : {}),
      });
      send = { host, order: this.#sign(orderKey, run, host, now, cleared.clearance) };
      if (run.sent_at === null) {
        await audit.write(tx, {
          actor: SERVER,
          action: 'fix-run.sent',
          subject: { kind: 'fix-run', id: run.id },
          detail: { fix: run.fix, hostId: run.host_id, keyId: orderKey.keyId },
        });
      }
      return 'sent';
    });
    this.#afterCommit(send, changed);
    if (handOver && elsewhere !== null) bus.publish('run.due', { runId, hostId: elsewhere });
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
      if (send.host.send(send.order)) this.sent(run.fix);
    }
    this.deps.bus.publish('run.changed', { runId: run.id, hostId: run.host_id, pairId: run.pair_id });
  }

  /** The order as exact bytes, and the signature over them. */
  #sign(orderKey: OrderKey, run: RunRow, host: ConnectedHost, now: Date, clearance: Clearance | null): ServerOrder {
    const order = Order.parse({
      version: 1,
      keyId: orderKey.keyId,
      hostId: run.host_id,
      epoch: host.epoch,
      connection: host.nonce,
      runId: run.id,
      fix: run.fix,
      udid: FIXES[run.fix].scope === 'pair' ? run.udid : null,
      ...(clearance === null ? {} : { clearance }),
      issuedAt: now.toISOString(),
      expiresAt: new Date(Math.min(now.getTime() + ORDER_LIFE_MS, run.expires_at.getTime())).toISOString(),
    });
    const bytes = Buffer.from(JSON.stringify(order), 'utf8');
    const signature = orderKey.sign(Buffer.concat([Buffer.from(SIGNED.order), bytes]));
    return { type: 'order', keyId: order.keyId, order: bytes.toString('base64url'), signature };
  }
}
