import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '@lockstep/core/health';
import { type AgentMessage, LIMITS } from '@lockstep/core/protocol';
import { type Log, sqlState } from '../platform/index.js';
import { DatabaseUnavailable, type HostTransactions, type HostTx } from './host-transactions.js';
import { type Quarantined, quarantine } from './quarantine.js';

/** One numbered frame of an authenticated agent, waiting to be committed. */
export interface Incoming {
  /** The connection it came over: once that is barred, nothing of it is committed any more. */
  source: object;
  /** The number of the sign-on that connection began with: once there is a newer one, at whichever server, it counts no more. */
  signOn: number;
  hostId: string;
  epoch: string;
  seq: number;
  raw: Buffer;
  content:
    | { kind: 'message'; message: AgentMessage }
    /** Only its number counts. */
    | { kind: 'unknown' }
    | { kind: 'bad'; field: string; reason: string };
}

/** The new messages of one host, in order. */
export interface HostMessages {
  hostId: string;
  epoch: string;
  messages: AgentMessage[];
}

/** A room's share of the transaction. Throws when a message cannot be taken. */
export type IngestHandler = (tx: HostTx, batch: readonly HostMessages[]) => Promise<void>;

/** Tells the host that everything up to `seq` is committed. */
export type Acknowledge = (hostId: string, epoch: string, seq: number) => void;

/** Who measures: how many messages a commit took, and how long each waited from its arrival to its acknowledgement, seconds. */
export interface IngestWatch {
  batch(messages: number): void;
  acknowledged(seconds: number): void;
}

/** Batches under way at once, of different hosts: while one waits for the database, the other is diagnosed. */
const AT_ONCE = 2;
/** Hosts in one transaction, and messages of all of them together. */
const BATCH_HOSTS = 256;
const BATCH_MESSAGES = 2_048;
/** Waits while the database cannot be used: doubled from the first to the last, ms. */
const BACKOFF_MS = { first: 100, last: 5_000 };
/** Bytes of one host that may wait here before its socket is no longer read, and how little before it is read again. The number of messages is bounded by LIMITS.inFlight. */
export const HELD = { bytes: 2 * 1024 * 1024, resumeBytes: 512 * 1024 } as const;

interface Lane {
  waiting: Incoming[];
  /** Some of it is in a batch that runs: the rest waits for that, since a host's messages are committed in order. */
  isRunning: boolean;
  /** Waiting and in the running batch. */
  held: number;
  heldBytes: number;
}

/**
 * Commits what agents tell: a transaction for a batch of many hosts, then the acknowledgements; two batches at a time, a host in at most one
 * of them. A batch that fails is
 * halved until the message that is to blame stands alone and goes to quarantine; while the database is to blame everything waits, and
 * nobody is acknowledged.
 */
export class Ingest {
  readonly #handlers: IngestHandler[] = [];
  /** Hosts with something waiting, longest first. */
  readonly #lanes = new Map<string, Lane>();
  readonly #barred = new WeakSet<object>();
  readonly #stop = new AbortController();
  readonly #loops = new Set<Promise<void>>();
  #acknowledge: Acknowledge = () => undefined;
  #drained: (hostId: string) => void = () => undefined;
  #watch: IngestWatch | null = null;
  /** When what waits here arrived, by `performance.now()`. */
  readonly #arrived = new WeakMap<Incoming, number>();
  /** What happened since the start, for logs and tests. */
  readonly counts = { batches: 0, messages: 0, duplicates: 0, unknown: 0, quarantined: 0, retries: 0, halved: 0 };

  constructor(
    private readonly transactions: HostTransactions,
    private readonly log: Log,
  ) {}

  /** Adds a room's share; shares run in the order in which they were added. */
  register(handler: IngestHandler): void {
    this.#handlers.push(handler);
  }

  /** Who is told of commits, and of lanes that have room again. */
  listen(on: { acknowledge: Acknowledge; drained: (hostId: string) => void }): void {
    this.#acknowledge = on.acknowledge;
    this.#drained = on.drained;
  }

  /** Who measures. */
  watch(watch: IngestWatch): void {
    this.#watch = watch;
  }

  /** Puts a message at the end of its host's lane. False: the lane is full now, read no more until it has drained. */
  offer(incoming: Incoming): boolean {
    const lane = this.#lanes.get(incoming.hostId) ?? { waiting: [], isRunning: false, held: 0, heldBytes: 0 };
    this.#lanes.set(incoming.hostId, lane);
    lane.waiting.push(incoming);
    if (this.#watch) this.#arrived.set(incoming, performance.now());
    lane.held++;
    lane.heldBytes += incoming.raw.length;
    if (!lane.isRunning && this.#loops.size < AT_ONCE) this.#begin();
    return lane.heldBytes < HELD.bytes;
  }

  /**
   * Commits nothing more of a connection that is over or replaced, what waits of it included: it was not acknowledged, so it comes again.
   * A transaction that runs already may still commit; one that begins later does not.
   */
  bar(source: object, hostId: string): void {
    this.#barred.add(source);
    const lane = this.#lanes.get(hostId);
    if (!lane) return;
    const gone = lane.waiting.filter((m) => m.source === source);
    lane.waiting = lane.waiting.filter((m) => m.source !== source);
    lane.held -= gone.length;
    for (const m of gone) lane.heldBytes -= m.raw.length;
    if (lane.held === 0) this.#lanes.delete(hostId);
  }

  /** Commits all that waits, as far as that is done in time. Nothing more may be offered meanwhile. */
  async drain(withinMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, withinMs);
    });
    await Promise.race([Promise.all(this.#loops), late]);
    clearTimeout(timer);
  }

  /** Finishes the running batch and takes no more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
  }

  #begin(): void {
    const loop: Promise<void> = this.#run().finally(() => {
      this.#loops.delete(loop);
    });
    this.#loops.add(loop);
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const batch = this.#take();
      if (batch.length === 0) break;
      await this.#process(batch);
      this.#release(batch);
    }
  }

  /** The next batch: a fair share of every waiting host of which nothing runs, in order within each. */
  #take(): Incoming[] {
    const batch: Incoming[] = [];
    let hosts = 0;
    for (const [hostId, lane] of this.#lanes) {
      if (hosts >= BATCH_HOSTS || batch.length >= BATCH_MESSAGES) break;
      if (lane.waiting.length === 0 || lane.isRunning) continue;
      hosts++;
      lane.isRunning = true;
      batch.push(...lane.waiting.splice(0, LIMITS.inFlight));
      // Behind all others: the next batch begins with whom this one left out.
      this.#lanes.delete(hostId);
      this.#lanes.set(hostId, lane);
    }
    return batch;
  }

  #release(batch: readonly Incoming[]): void {
    for (const { hostId, raw } of batch) {
      const lane = this.#lanes.get(hostId);
      if (!lane) continue;
      lane.held--;
      lane.heldBytes -= raw.length;
    }
    for (const hostId of new Set(batch.map((m) => m.hostId))) {
      const lane = this.#lanes.get(hostId);
      if (lane) lane.isRunning = false;
      if (lane && lane.heldBytes <= HELD.resumeBytes) this.#drained(hostId);
      if (lane && lane.held === 0) this.#lanes.delete(hostId);
    }
  }

  /** Commits the batch, whole or in halves, in order; returns when every message is committed, quarantined, or given up by a stop. */
  async #process(batch: readonly Incoming[]): Promise<void> {
    for (let wait = BACKOFF_MS.first; !this.#stop.signal.aborted; wait = Math.min(wait * 2, BACKOFF_MS.last)) {
      try {
        return await this.#commit(batch, null);
      } catch (error) {
        const [first] = batch;
        if (error instanceof DatabaseUnavailable) {
          this.counts.retries++;
          this.log.warn('the database cannot take messages, trying again', { messages: batch.length, waitMs: wait, error });
          await sleep(wait, undefined, { signal: this.#stop.signal }).catch(() => undefined);
        } else if (batch.length > 1) {
          this.counts.halved++;
          const middle = Math.ceil(batch.length / 2);
          await this.#process(batch.slice(0, middle));
          return await this.#process(batch.slice(middle));
        } else if (first !== undefined) {
          this.log.error('a message could not be taken', { hostId: first.hostId, epoch: first.epoch, seq: first.seq, error });
          return await this.#isolate({ ...first, content: { kind: 'bad', field: '(message)', reason: reasonOf(error) } });
        } else return;
      }
    }
  }

  async #isolate(message: Incoming): Promise<void> {
    for (let wait = BACKOFF_MS.first; !this.#stop.signal.aborted; wait = Math.min(wait * 2, BACKOFF_MS.last)) {
      try {
        return await this.#commit([message], message);
      } catch (error) {
        this.counts.retries++;
        this.log.warn('a message could not be put into quarantine, trying again', { hostId: message.hostId, waitMs: wait, error });
        await sleep(wait, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  /** One transaction. With `isolated` no room is asked: only the number and the quarantine row are written. */
  async #commit(batch: readonly Incoming[], isolated: Incoming | null): Promise<void> {
    const answers: { hostId: string; epoch: string; seq: number }[] = [];
    const counted = { messages: 0, duplicates: 0, unknown: 0, quarantined: 0 };
    await this.transactions.run(
      batch.map((m) => m.hostId),
      async (tx) => {
        const bad: Quarantined[] = [];
        const news = new Map<string, HostMessages>();
        const reached = new Map<string, number>();
        for (const m of batch) {
          const link = tx.links.get(m.hostId);
          // A newer connection stands in its place, or has begun another epoch: it sends again what counts.
          if (this.#barred.has(m.source) || link?.epoch !== m.epoch || link.signOn !== m.signOn) continue;
          const last = reached.get(m.hostId) ?? link.lastSeq;
          reached.set(m.hostId, Math.max(last, m.seq));
          if (m.seq <= last) {
            counted.duplicates++;
            continue;
          }
          const { content } = m;
          if (content.kind === 'bad')
            bad.push({ hostId: m.hostId, epoch: m.epoch, seq: m.seq, field: content.field, reason: content.reason, raw: m.raw });
          else if (content.kind === 'unknown') counted.unknown++;
          else {
            const host = news.get(m.hostId) ?? { hostId: m.hostId, epoch: m.epoch, messages: [] };
            news.set(m.hostId, host);
            host.messages.push(content.message);
            counted.messages++;
          }
        }
        counted.quarantined = bad.length;
        if (news.size > 0 && !isolated) {
          const hosts = [...news.values()].sort((a, b) => (a.hostId < b.hostId ? -1 : 1));
          for (const handler of this.#handlers) await handler(tx, hosts);
        }
        await quarantine(tx.client, bad, tx.now);
        const hosts = [...reached.keys()];
        await tx.client.query(
          `UPDATE host_link l SET last_seq = u.seq, last_contact_at = greatest(l.last_contact_at, $3::timestamptz)
           FROM unnest($1::uuid[], $2::bigint[]) AS u(host_id, seq) WHERE l.host_id = u.host_id`,
          [hosts, hosts.map((h) => reached.get(h)), new Date(tx.now).toISOString()],
        );
        for (const [hostId, seq] of reached) {
          const epoch = tx.links.get(hostId)?.epoch;
          if (epoch) answers.push({ hostId, epoch, seq });
        }
      },
    );
    this.counts.batches++;
    for (const key of ['messages', 'duplicates', 'unknown', 'quarantined'] as const) this.counts[key] += counted[key];
    for (const a of answers) this.#acknowledge(a.hostId, a.epoch, a.seq);
    this.#measure(batch);
  }

  #measure(batch: readonly Incoming[]): void {
    if (!this.#watch) return;
    this.#watch.batch(batch.length);
    const now = performance.now();
    for (const m of batch) {
      const at = this.#arrived.get(m);
      if (at !== undefined) this.#watch.acknowledged((now - at) / 1000);
    }
  }
}

/** What a failed message is remembered for: the database's own code, or the name of the error. Never its text, which may quote the message. */
function reasonOf(error: unknown): string {
  const state = sqlState(error);
  if (state !== null) return `refused by the database (${state})`;
  return printable(`failed with ${error instanceof Error ? error.name : 'an unknown error'}`).slice(0, 200);
}
