import type { Log, Tx } from '../platform/index.js';
import { DatabaseUnavailable, type HostTransactions } from './host-transactions.js';

/** How a connection begins. */
export interface Opened {
  /** The highest number of its epoch that is committed. */
  acked: number;
  /** How often the host signed on, with this time. */
  signOn: number;
}

interface Opening {
  hostId: string;
  epoch: string;
  isSwap: boolean;
  keyId: string;
  resolve: (opened: Opened) => void;
  reject: (error: unknown) => void;
}

/** Hosts that sign on, leave, or were heard, in one transaction. */
const BATCH = 256;

/** The rows that say which epoch of a host is committed how far, and when the host was last heard. */
export class HostLinks {
  #openings: Opening[] = [];
  #isOpening = false;
  /** Contacts that are not in the database yet, ms. */
  readonly #contacts = new Map<string, number>();
  /** Connections that are over and whose rows do not say so yet: the number of their sign-on, by host. */
  readonly #left = new Map<string, number>();
  #leaving: Promise<void> | null = null;
  #flushing: Promise<void> | null = null;
  readonly #takeoverListeners: ((hostId: string) => void)[] = [];

  constructor(
    private readonly transactions: HostTransactions,
    /** This server process. */
    private readonly nodeId: string,
    private readonly log: Log,
  ) {}

  /**
   * Begins a connection of an authenticated host: an epoch that is not the last one starts at 0. Sign-ons that come together share a
   * transaction, so that a fleet that returns at once is let in by the hundred.
   * @param isSwap it takes the place of an open connection
   * @param keyId the order key that the agent asked for: the newest it knows
   */
  open(hostId: string, epoch: string, isSwap: boolean, keyId: string): Promise<Opened> {
    return new Promise((resolve, reject) => {
      this.#openings.push({ hostId, epoch, isSwap, keyId, resolve, reject });
      if (!this.#isOpening) void this.#openAll();
    });
  }

  /** Whether this is the host's newest connection, at whichever server process. */
  async isNewest(tx: Tx, connection: { hostId: string; signOn: number }): Promise<boolean> {
    const { rows } = await tx.query<{ sign_ons: string }>('SELECT sign_ons FROM host_link WHERE host_id = $1', [connection.hostId]);
    return Number(rows[0]?.sign_ons) === connection.signOn;
  }

  /** Notes in the rows that the n-th connection of the host is over, unless a newer one stands there already. */
  left(hostId: string, signOn: number): void {
    this.#left.set(hostId, Math.max(signOn, this.#left.get(hostId) ?? 0));
    void this.#leave();
  }

  /** Resolves when the rows know of all connections that are over; what cannot be written now is written by the next flush. */
  async #leave(): Promise<void> {
    this.#leaving ??= this.#leaveAll().finally(() => {
      this.#leaving = null;
    });
    return this.#leaving;
  }

  async #leaveAll(): Promise<void> {
    while (this.#left.size > 0) {
      const batch = [...this.#left].slice(0, BATCH);
      try {
        await this.transactions.run(
          batch.map(([hostId]) => hostId),
          async (tx) => {
            await tx.client.query(
              `UPDATE host_link l SET node_id = NULL FROM unnest($1::uuid[], $2::bigint[]) AS u(host_id, sign_on)
               WHERE l.host_id = u.host_id AND l.sign_ons = u.sign_on AND l.node_id = $3`,
              [batch.map(([hostId]) => hostId), batch.map(([, signOn]) => signOn), this.nodeId],
            );
          },
        );
      } catch (error) {
        this.log.debug('connections that are over could not be noted, trying again later', { hosts: batch.length, error });
        return;
      }
      for (const [hostId, signOn] of batch) if (this.#left.get(hostId) === signOn) this.#left.delete(hostId);
    }
  }

  /** Calls `listener` when a living connection of a host was taken over. */
  onTakeover(listener: (hostId: string) => void): void {
    this.#takeoverListeners.push(listener);
  }

  /**
   * Notes that a connection which was alive, and answered, had to make place for a newer one: two running agents have one key. One that
   * cannot be noted is not missed: they will do it again.
   */
  async takenOver(hostId: string): Promise<void> {
    try {
      await this.transactions.run([hostId], async (tx) => {
        await tx.client.query('UPDATE host_link SET takeovers = (ARRAY[$2::timestamptz] || takeovers)[1:3] WHERE host_id = $1', [
          hostId,
          new Date(tx.now).toISOString(),
        ]);
        tx.onCommit(() => {
          for (const listener of this.#takeoverListeners) listener(hostId);
        });
      });
    } catch (error) {
      this.log.warn('a takeover could not be noted', { hostId, error });
    }
  }

  /** Notes that the host was heard, to be written with the next flush. */
  touch(hostId: string, now: number): void {
    this.#contacts.set(hostId, now);
  }

  /** When the host was last heard as far as memory knows, ms. */
  heardAt(hostId: string): number | null {
    return this.#contacts.get(hostId) ?? null;
  }

  /** Writes all contacts since the last flush. What cannot be written now is written by the next flush. */
  async flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    await this.#leave();
    // A part at a time: all at once they would hold every host, and what agents tell would wait for it.
    for (const contacts = [...this.#contacts]; contacts.length > 0; ) {
      const part = contacts.splice(0, BATCH);
      try {
        await this.transactions.run(
          part.map(([hostId]) => hostId),
          async (tx) => {
            await tx.client.query(
              `UPDATE host_link l SET last_contact_at = greatest(l.last_contact_at, u.at)
               FROM unnest($1::uuid[], $2::timestamptz[]) AS u(host_id, at) WHERE l.host_id = u.host_id`,
              [part.map(([hostId]) => hostId), part.map(([, at]) => new Date(at).toISOString())],
            );
          },
        );
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error;
        this.log.warn('contacts could not be written, trying again later', { hosts: part.length + contacts.length, error });
        return;
      }
      for (const [hostId, at] of part) if (this.#contacts.get(hostId) === at) this.#contacts.delete(hostId);
    }
  }

  async #openAll(): Promise<void> {
    this.#isOpening = true;
    while (this.#openings.length > 0) {
      // One sign-on per host and transaction: of two, the later one decides the epoch.
      const batch = new Map<string, Opening>();
      const later: Opening[] = [];
      for (const o of this.#openings) {
        if (batch.has(o.hostId) || batch.size >= BATCH) later.push(o);
        else batch.set(o.hostId, o);
      }
      this.#openings = later;
      try {
        const opened = await this.#openBatch([...batch.values()]);
        for (const o of batch.values()) o.resolve(opened.get(o.hostId) ?? { acked: 0, signOn: 1 });
      } catch (error) {
        for (const o of batch.values()) o.reject(error);
      }
    }
    this.#isOpening = false;
  }

  #openBatch(batch: readonly Opening[]): Promise<Map<string, Opened>> {
    return this.transactions.run(
      batch.map((o) => o.hostId),
      async (tx) => {
        const opened = new Map(
          batch.map((o) => {
            const link = tx.links.get(o.hostId);
            return [o.hostId, { acked: link?.epoch === o.epoch ? link.lastSeq : 0, signOn: (link?.signOn ?? 0) + 1 }] as const;
          }),
        );
        await tx.client.query(
          `UPDATE host_link l SET
             epochs = l.epochs + CASE WHEN l.epoch IS DISTINCT FROM u.epoch THEN 1 ELSE 0 END,
             epoch = u.epoch, last_seq = u.seq, swaps = l.swaps + u.swap, connected_at = $5::timestamptz,
             sign_ons = l.sign_ons + 1, node_id = $6::uuid, order_key_id = u.key_id,
             last_contact_at = greatest(l.last_contact_at, $5::timestamptz)
           FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $7::text[]) AS u(host_id, epoch, seq, swap, key_id) WHERE l.host_id = u.host_id`,
          [
            batch.map((o) => o.hostId),
            batch.map((o) => o.epoch),
            batch.map((o) => opened.get(o.hostId)?.acked),
            batch.map((o) => (o.isSwap ? 1 : 0)),
            new Date(tx.now).toISOString(),
            this.nodeId,
            batch.map((o) => o.keyId),
          ],
        );
        return opened;
      },
    );
  }
}
