import { Redis, type RedisOptions } from 'ioredis';
import { messageOf } from './errors.js';
import type { Log } from './log.js';

/** How often it is asked whether Redis still answers, and how long an answer may take: a Redis that hangs counts as gone, ms. */
const PING_MS = 2_000;
const ANSWER_MS = 3_000;
/** Waits between attempts to connect: doubled from the first to the last, ms. */
const RETRY_MS = { first: 100, last: 5_000 };
/** At the start Redis gets this long to answer before the server goes on without it, ms. */
const FIRST_MS = 3_000;
/** The oldest Redis that the queue runs on (BullMQ 6, `RedisConnection.minimumVersion`). */
const OLDEST = 5;

/** Full jitter, so that the processes of a restarted Redis do not come back in one moment. */
export const retryAfter = (times: number): number =>
  Math.round(Math.min(RETRY_MS.last, RETRY_MS.first * 2 ** Math.min(times, 10)) * (0.5 + Math.random() / 2));

/** A connection and the copies that were made of it. */
interface Family {
  members: Redis[];
  /** No further attempt is made to connect. */
  isOver: boolean;
}

/**
 * The server's connections to Redis, and whether Redis answers. Redis is a courier here, never a store: while it is gone everything goes
 * on that does not need it, it is said once that it went and once that it came back, and connections are tried for as long as it takes.
 */
export class RedisLink {
  readonly #families = new Map<Redis, Family>();
  /** The connection that is asked. It also carries the messages that are sent: what it says is true of them. */
  readonly main: Redis;
  readonly #listeners = new Set<(isUp: boolean) => void>();
  #isUp = false;
  #downSince = new Date();
  #wasTold = false;
  #lastError = '';
  #pinger: NodeJS.Timeout | null = null;
  #isClosing = false;

  constructor(
    private readonly url: string,
    private readonly log: Log,
  ) {
    // Commands fail at once while Redis is gone: their senders know what to do without it.
    this.main = this.connect({ enableOfflineQueue: false, maxRetriesPerRequest: 0 });
    this.main.on('ready', () => void this.#welcome());
    this.main.on('close', () => this.#become(false));
    this.#pinger = setInterval(() => void this.#ping(), PING_MS);
  }

  /** True while Redis answers. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Since when Redis does not answer. */
  get downSince(): Date {
    return this.#downSince;
  }

  /** Where Redis is, without the password. */
  get place(): string {
    const u = new URL(this.url);
    return `${u.hostname || 'localhost'}:${u.port || '6379'}`;
  }

  /** Calls `listener` when Redis goes or comes back. Returns what ends that. */
  onChange(listener: (isUp: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A further connection; it is closed with the others. */
  connect(options: RedisOptions): Redis {
    const family: Family = { members: [], isOver: false };
    const retryStrategy = (times: number) => (family.isOver ? null : retryAfter(times));
    const client = new Redis(this.url, { retryStrategy, connectTimeout: 5_000, keepAlive: 10_000, ...options });
    this.#families.set(client, family);
    this.#adopt(family, client);
    // Whoever copies the connection, as the queue's workers do for the one that waits, must not leave a copy behind.
    const duplicate = client.duplicate.bind(client);
    client.duplicate = (override) => this.#adopt(family, duplicate(override));
    return client;
  }

  /** Closes a connection and its copies, whatever they are at. */
  release(client: Redis): void {
    const family = this.#families.get(client);
    if (!family) return;
    family.isOver = true;
    for (const member of family.members) {
      // Told to disconnect between two attempts ioredis stays `reconnecting` for ever, and who waits for it waits for ever: one last attempt ends it.
      if (member.status === 'reconnecting') {
        member.once('connect', () => member.disconnect());
        member.connect().catch(() => undefined);
      } else if (member.status !== 'end') member.disconnect();
    }
  }

  #adopt(family: Family, client: Redis): Redis {
    family.members.push(client);
    client.on('error', (error) => {
      this.#lastError = messageOf(error);
      this.log.debug('a connection to Redis failed', { error });
    });
    return client;
  }

  /** Waits a moment for the first answer. Without one the server starts all the same, and this says so. */
  async begin(): Promise<void> {
    const until = Date.now() + FIRST_MS;
    while (!this.#isUp && Date.now() < until) await new Promise<void>((done) => setTimeout(done, 20));
    if (!this.#isUp) this.#complain(`Redis at ${this.place} (REDIS_URL) does not answer; the server starts without it and goes on trying`);
  }

  /** Closes every connection. */
  close(): void {
    this.#isClosing = true;
    if (this.#pinger) clearInterval(this.#pinger);
    this.#listeners.clear();
    for (const client of this.#families.keys()) this.release(client);
  }

  async #ping(): Promise<void> {
    if (this.main.status !== 'ready') return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
    });
    try {
      await Promise.race([this.main.ping(), late]);
      this.#become(true);
    } catch (error) {
      if (this.#isClosing) return;
      this.#lastError = messageOf(error);
      this.#become(false);
      // It hangs, or the network swallows what it says: only a new connection finds out.
      for (const { members } of this.#families.values()) for (const m of members) if (m.status === 'ready') m.disconnect(true);
    } finally {
      clearTimeout(timer);
    }
  }

  async #welcome(): Promise<void> {
    this.#become(true);
    try {
      const info = await this.main.info();
      const version = /^redis_version:(\d+)/m.exec(info)?.[1];
      if (version !== undefined && Number(version) < OLDEST)
        this.log.error('this Redis is too old for the queue', { version, oldest: OLDEST });
      const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
      if (policy !== undefined && policy !== 'noeviction')
        this.log.warn('Redis may throw jobs away when its memory is full: set maxmemory-policy noeviction', { policy });
    } catch (error) {
      this.log.debug('Redis did not say what it is', { error });
    }
  }

  #become(isUp: boolean): void {
    if (this.#isClosing || isUp === this.#isUp) return;
    this.#isUp = isUp;
    if (isUp) {
      if (this.#wasTold) this.log.info('Redis answers again', { redis: this.place });
      this.#wasTold = false;
    } else {
      this.#downSince = new Date();
      this.#complain(`Redis at ${this.place} (REDIS_URL) does not answer; what needs it waits in the database`);
    }
    for (const listener of [...this.#listeners]) listener(isUp);
  }

  #complain(sentence: string): void {
    if (this.#wasTold) return;
    this.#wasTold = true;
    this.log.warn(sentence, { reason: this.#lastError });
  }
}
