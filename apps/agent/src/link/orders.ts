import { FIXES, isAgentFix } from '@lockstep/core/fixes';
import { Udid } from '@lockstep/core/health';
import { ORDER_LIFE_MS, Order, type OrderRefusal, RunId, type ServerOrder, SIGNED } from '@lockstep/core/protocol';
import { z } from 'zod';
import type { OrderKeyPin } from './identity.js';
import { fromBase64url, isSignedBy } from './keys.js';

/** What an order is held against. */
export interface OrderContext {
  pins: readonly OrderKeyPin[];
  hostId: string;
  epoch: string;
  /** The nonce this agent sent in the hello of this connection. */
  connection: string;
  /** Server time, ms. */
  now: number;
  /** Whether the journal knows the run. */
  isKnownRun(runId: string): boolean;
}

export type OrderVerdict = { ok: true; order: Order } | { ok: false; reason: OrderRefusal; runId: string | null };

/** An order may seem issued this far in the future: drift of two quartz clocks over a long connection, not skew, which the first exchange removed. */
const FUTURE_MS = 5_000;

/** The order's form. Fix and device are checked last, each with its own reason, so here they are bounded text. */
const OrderForm = Order.extend({ fix: z.string().max(16), udid: z.string().max(64).nullable() });

/**
 * Judges one order by itself: key, signature over the exact bytes, and only then what the bytes say. What an order says about its run is
 * repeated to the server only when the signature holds.
 */
export function verifyOrder(envelope: ServerOrder, ctx: OrderContext): OrderVerdict {
  const no = (reason: OrderRefusal, runId: string | null = null): OrderVerdict => ({ ok: false, reason, runId });
  const pin = ctx.pins.find((p) => p.keyId === envelope.keyId);
  if (!pin) return no('unknown-key');
  const bytes = fromBase64url(envelope.order);
  if (!bytes || !isSignedBy(pin.publicKey, SIGNED.order, bytes, envelope.signature)) return no('bad-signature');

  const json = readJson(bytes);
  const form = OrderForm.safeParse(json);
  if (!form.success || form.data.keyId !== envelope.keyId) return no('bad-order', runIdOf(json));
  const { runId, issuedAt, expiresAt, fix, udid } = form.data;
  const issued = Date.parse(issuedAt);
  const expires = Date.parse(expiresAt);
  if (!(expires > issued) || expires - issued > ORDER_LIFE_MS) return no('bad-order', runId);

  if (form.data.hostId !== ctx.hostId) return no('wrong-host', runId);
  if (form.data.epoch !== ctx.epoch) return no('wrong-epoch', runId);
  if (form.data.connection !== ctx.connection) return no('wrong-connection', runId);
  if (ctx.now >= expires || issued > ctx.now + FUTURE_MS) return no('expired', runId);
  if (ctx.isKnownRun(runId)) return no('replayed', runId);

  if (!isAgentFix(fix)) return no('unknown-fix', runId);
  if ((FIXES[fix].scope === 'pair') !== (udid !== null)) return no('bad-parameters', runId);
  if (udid !== null && !Udid.safeParse(udid).success) return no('bad-parameters', runId);
  return { ok: true, order: { ...form.data, fix, udid } };
}

function readJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function runIdOf(json: unknown): string | null {
  const run = z.object({ runId: RunId }).safeParse(json);
  return run.success ? run.data.runId : null;
}
