import type { FixTarget } from '@lockstep/core/fixes';
import type { OrderStopView, OrdersView } from '@lockstep/core/protocol';
import type { Audit, Caller } from '../access/index.js';
import type { Queryable } from '../pairs/index.js';
import type { Bus, Clock, Database } from '../platform/index.js';
import { FleetCap } from './fleet-cap.js';
import { OrderSwitch, readSwitch, type StopBody, stopOf } from './order-switch.js';
import { AWAITING } from './run-rows.js';

export interface OrdersDeps {
  database: Pick<Database, 'pool' | 'tx'>;
  audit: Audit;
  bus: Bus;
  clock: Clock;
  /** Fixes that interrupt people which may be sent in an hour, in the whole fleet. */
  perHour: number;
}

/** What limits all orders: the switch, and the fleet-wide cap. */
export class Orders {
  readonly cap: FleetCap;
  readonly #switch: OrderSwitch;
  #elsewhere: () => Promise<number> = async () => 0;

  constructor(private readonly deps: OrdersDeps) {
    this.cap = new FleetCap(deps.perHour);
    this.#switch = new OrderSwitch(deps);
  }

  /** Has what waits for a yes in a room that is made after this one counted as well. */
  countAlso(waiting: () => Promise<number>): void {
    this.#elsewhere = waiting;
  }

  stopped(): Promise<OrderStopView> {
    return this.#switch.read();
  }

  /** @throws ProblemError 403 */
  stop(body: StopBody, caller: Caller, address: string): Promise<OrderStopView> {
    return this.#switch.put(body, caller, address);
  }

  /** What mayRun() asks about all orders. */
  async standing(db: Queryable): Promise<Pick<FixTarget, 'stopped' | 'fleetCap'>> {
    // One after the other: `db` may be a transaction, which answers one question at a time.
    const stop = await readSwitch(db);
    return { stopped: stopOf(stop), fleetCap: await this.cap.use(db, this.deps.clock.now()) };
  }

  /** All of it, for people. */
  async view(): Promise<OrdersView> {
    const { pool } = this.deps.database;
    const [stop, cap, keys, awaiting] = await Promise.all([
      readSwitch(pool),
      this.cap.view(pool, this.deps.clock.now()),
      pool.query<{ keyId: string; hosts: number }>(
        `SELECT l.order_key_id AS "keyId", count(*)::int AS hosts FROM host_link l JOIN host_key h ON h.id = l.host_id
         WHERE l.order_key_id IS NOT NULL AND h.revoked_at IS NULL GROUP BY 1 ORDER BY 2 DESC, 1`,
      ),
      pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM fix_run WHERE state = '${AWAITING}'`),
    ]);
    return { stop, cap, keys: keys.rows, approvals: (awaiting.rows[0]?.n ?? 0) + (await this.#elsewhere()) };
  }
}
