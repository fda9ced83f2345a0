import { text } from '@lockstep/core/health';
import type { OrderStopView } from '@lockstep/core/protocol';
import { z } from 'zod';
import { type Audit, actorOf, type Caller, mayAct } from '../access/index.js';
import type { Queryable } from '../pairs/index.js';
import { type Bus, type Clock, type Database, ProblemError } from '../platform/index.js';

/** Body of PUT /orders/stop. Whoever stops says why: the sentence is shown to everybody who wants to order something. */
export const StopBody = z.strictObject({
  stopped: z.boolean(),
  reason: text(300)
    .transform((s) => s.trim())
    .pipe(z.string().min(1, 'is required: everybody who wants to order something will read it')),
});
export type StopBody = z.output<typeof StopBody>;

/** Who stopped all orders, and why. */
export interface OrderStop {
  by: string;
  reason: string;
  at: string;
}

interface Row {
  stopped: boolean;
  reason: string | null;
  by_name: string | null;
  at: Date | null;
}

const viewOf = (row: Row): OrderStopView => ({
  stopped: row.stopped,
  reason: row.reason,
  by: row.by_name,
  at: row.at?.toISOString() ?? null,
});

/** Reads the switch. With `lock`, in a transaction: it stays as it was read until that ends, and what a stop has to wait for is this transaction. */
export async function readSwitch(db: Queryable, lock = false): Promise<OrderStopView> {
  const { rows } = await db.query<Row>(`SELECT stopped, reason, by_name, at FROM order_switch${lock ? ' FOR SHARE' : ''}`);
  // Without its row nobody could stop anything: then nothing is ordered either.
  if (!rows[0]) throw new Error('the switch that stops all orders is missing');
  return viewOf(rows[0]);
}

/** The stop as mayRun() asks for it; null while orders are sent. */
export function stopOf({ stopped, by, reason, at }: OrderStopView): OrderStop | null {
  return stopped ? { by: by ?? '', reason: reason ?? '', at: at ?? '' } : null;
}

/** One switch stops all orders: what waits goes on waiting, what was sent is not recalled. */
export class OrderSwitch {
  constructor(private readonly deps: { database: Pick<Database, 'pool' | 'tx'>; audit: Audit; bus: Bus; clock: Clock }) {}

  read(): Promise<OrderStopView> {
    return readSwitch(this.deps.database.pool);
  }

  /**
   * Stops all orders, or lets them be sent again. When it has answered `stopped`, no order is signed any more.
   * @throws ProblemError 403 `forbidden` when somebody who is no admin wants orders to be sent again
   */
  async put(body: StopBody, caller: Caller, address: string): Promise<OrderStopView> {
    const { database, audit, bus, clock } = this.deps;
    if (!body.stopped && !mayAct(caller.role, 'admin'))
      throw new ProblemError(403, 'forbidden', `Only an admin lets orders be sent again; you have the role ${caller.role}.`);
    const { view, changed } = await database.tx(async (tx) => {
      // Waits for every order that is being signed, and holds back those that come.
      const { rows } = await tx.query<Row>('SELECT stopped, reason, by_name, at FROM order_switch FOR UPDATE');
      const before = rows[0];
      if (!before) throw new Error('the switch that stops all orders is missing');
      if (before.stopped === body.stopped) return { view: viewOf(before), changed: false };
      const after: Row = { stopped: body.stopped, reason: body.reason, by_name: caller.name, at: clock.date() };
      await tx.query('UPDATE order_switch SET stopped = $1, reason = $2, by_kind = $3, by_id = $4, by_name = $5, at = $6', [
        after.stopped,
        after.reason,
        caller.kind,
        caller.id,
        after.by_name,
        after.at,
      ]);
      await audit.write(tx, {
        actor: actorOf(caller),
        action: body.stopped ? 'orders.stopped' : 'orders.resumed',
        subject: { kind: 'orders', id: 'all' },
        address,
        detail: { reason: body.reason },
      });
      return { view: viewOf(after), changed: true };
    });
    if (changed) bus.publish('orders.changed', {});
    return view;
  }
}
