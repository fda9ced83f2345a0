import type { Log } from '../platform/index.js';
import { DatabaseUnavailable, type HostTransactions } from './host-transactions.js';

interface Opening {
  hostId: string;
  epoch: string;
  isSwap: boolean;
  resolve: (acked: number) => void;
  reject: (error: unknown) => void;
}

/** Sign-ons that go into one transaction. */
const BATCH = 256;

/** The rows that say which epoch of a host is committed how far, and when the host was last heard. */
export class HostLinks {
  #openings: Opening[] = [];
  #isOpening = false;
  /** Contacts that are not in the database yet, ms. */
  readonly #contacts = new Map<string, number>();
  #flushing: Promise<void> | null = null;

  constructor(
    private readonly transactions: HostTransactions,
    private readonly log: Log,
  ) {}

  /**
   * Begins a connection of an authenticated host: an epoch that is not the last one starts at 0. Sign-ons that come together share a
   * transaction, so that a fleet that returns at once is let in by the hundred.
   * @param isSwap it takes the place of an open connection
   * @returns the highest number of this epoch that is committed
   */
  open(hostId: string, epoch: string, isSwap: boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#openings.push({ hostId, epoch, isSwap, resolve, reject });
      if (!this.#isOpening) void this.#openAll();
    });
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
    const contacts = [...this.#contacts];
    if (contacts.length === 0) return;
    try {
      await this.transactions.run(
        contacts.map(([hostId]) => hostId),
        async (tx) => {
          await tx.client.query(
            `UPDATE host_link l SET last_contact_at = greatest(l.last_contact_at, u.at)
             FROM unnest($1::uuid[], $2::timestamptz[]) AS u(host_id, at) WHERE l.host_id = u.host_id`,
            [contacts.map(([hostId]) => hostId), contacts.map(([, at]) => new Date(at).toISOString())],
          );
        },
      );
      for (const [hostId, at] of contacts) if (this.#contacts.get(hostId) === at) this.#contacts.delete(hostId);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error;
      this.log.warn('contacts could not be written, trying again later', { hosts: contacts.length, error });
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
        const acked = await this.#openBatch([...batch.values()]);
        for (const o of batch.values()) o.resolve(acked.get(o.hostId) ?? 0);
      } catch (error) {
        for (const o of batch.values()) o.reject(error);
      }
    }
    this.#isOpening = false;
  }

  #openBatch(batch: readonly Opening[]): Promise<Map<string, number>> {
    return this.transactions.run(
      batch.map((o) => o.hostId),
      async (tx) => {
        const acked = new Map(
          batch.map((o) => {
            const link = tx.links.get(o.hostId);
            return [o.hostId, link?.epoch === o.epoch ? link.lastSeq : 0] as const;
          }),
        );
        await tx.client.query(
          `UPDATE host_link l SET
             epochs = l.epochs + CASE WHEN l.epoch IS DISTINCT FROM u.epoch THEN 1 ELSE 0 END,
             epoch = u.epoch, last_seq = u.seq, swaps = l.swaps + u.swap, connected_at = $5::timestamptz,
             last_contact_at = greatest(l.last_contact_at, $5::timestamptz)
           FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[]) AS u(host_id, epoch, seq, swap) WHERE l.host_id = u.host_id`,
          [
            batch.map((o) => o.hostId),
            batch.map((o) => o.epoch),
            batch.map((o) => acked.get(o.hostId)),
            batch.map((o) => (o.isSwap ? 1 : 0)),
            new Date(tx.now).toISOString(),
          ],
        );
        return acked;
      },
    );
  }
}
