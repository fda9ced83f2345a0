import type { OrderKeyView } from '@lockstep/core/protocol';
import { ADVISORY, type Bus, type Database, type Log, ProblemError, type Tx } from '../platform/index.js';
import { type Actor, type Audit, actorOf, SERVER } from './audit.js';
import type { Caller } from './caller.js';
import { type OrderKeys, TooManyKeysError } from './order-keys.js';

export interface RotationDeps {
  database: Pick<Database, 'tx'>;
  orderKeys: OrderKeys;
  audit: Audit;
  bus: Bus;
  log: Log;
}

/** How order keys come and go: one server at a time, each change with its row in the audit. */
export class OrderKeyRotation {
  constructor(private readonly deps: RotationDeps) {}

  /**
   * Goes over to a new key. Connected computers are told at once, all others when they come back.
   * @throws ProblemError 409 `too-many-keys`
   */
  async rotate(caller: Caller, address: string): Promise<OrderKeyView> {
    const { orderKeys, audit } = this.deps;
    const view = await this.#alone(async (tx) => {
      const { from, to } = rotateOrSay(orderKeys);
      // Before the commit: a rotation that nobody can account for must not be; one whose commit fails is told to the log.
      await audit.write(tx, {
        actor: actorOf(caller),
        action: 'order-key.rotated',
        subject: { kind: 'order-key', id: to.keyId },
        address,
        detail: { from: from.keyId, to: to.keyId },
      });
      return orderKeys.list().find((k) => k.keyId === to.keyId);
    });
    if (view === undefined) throw new Error('the new order key is not among those that serve');
    return view;
  }

  /**
   * Ends a key before its overlap does, and every key before it: their private halves are deleted, computers that know nothing newer are
   * refused and have to be enrolled again.
   * @throws ProblemError 404, or 409 `current-key`
   */
  async revoke(keyId: string, caller: Caller, address: string): Promise<void> {
    const { orderKeys } = this.deps;
    await this.#alone(async (tx) => {
      orderKeys.reload();
      if (orderKeys.current.keyId === keyId) throw new ProblemError(409, 'current-key', 'This key is the one used now: rotate first.');
      const ended = orderKeys.end(keyId);
      if (ended.length === 0) throw new ProblemError(404, 'not-found', 'There is no such order key.');
      await this.#note(tx, ended, actorOf(caller), 'order-key.revoked', address);
    });
  }

  /** Ends the keys whose overlap is over. Returns how many. */
  async expire(): Promise<number> {
    const { orderKeys } = this.deps;
    if (orderKeys.due().length === 0) return 0;
    return this.#alone(async (tx) => {
      orderKeys.reload();
      const last = orderKeys.due().at(-1);
      const ended = last === undefined ? [] : orderKeys.end(last);
      await this.#note(tx, ended, SERVER, 'order-key.ended');
      return ended.length;
    });
  }

  async #note(tx: Tx, ended: readonly string[], actor: Actor, action: string, address?: string): Promise<void> {
    for (const id of ended)
      await this.deps.audit.write(tx, {
        actor,
        action,
        subject: { kind: 'order-key', id },
        ...(address === undefined ? {} : { address }),
      });
  }

  /** Runs `work` in a transaction while no other server changes keys, then tells all of them. */
  async #alone<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const { database, orderKeys, bus, log } = this.deps;
    const before = orderKeys.current.keyId;
    try {
      return await database.tx(async (tx) => {
        await tx.query('SELECT pg_advisory_xact_lock($1, $2)', [ADVISORY.space, ADVISORY.orderKeys]);
        return work(tx);
      });
    } catch (error) {
      if (orderKeys.current.keyId !== before) log.error('the order key was rotated, but the audit has no row of it', { error });
      throw error;
    } finally {
      bus.publish('order-keys.changed', {});
    }
  }
}

function rotateOrSay(orderKeys: OrderKeys): ReturnType<OrderKeys['rotate']> {
  try {
    return orderKeys.rotate();
  } catch (error) {
    if (!(error instanceof TooManyKeysError)) throw error;
    throw new ProblemError(409, 'too-many-keys', `${error.message}, as many as an agent keeps: end the oldest first.`);
  }
}
