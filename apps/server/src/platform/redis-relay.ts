import type { Redis } from 'ioredis';
import type { Relay } from './bus.js';
import type { RedisLink } from './redis.js';

/** A sender's id and its text: a UUID, a space. */
const OWN = 37;

/**
 * Messages between server processes over one channel of Redis. Nothing is kept: what is sent while Redis or a receiver is gone is lost,
 * and those who need to know that something may have been missed ask `onGap`.
 */
export class RedisRelay implements Relay {
  readonly #subscriber: Redis;
  #handler: (text: string) => void = () => undefined;
  readonly #gaps = new Set<() => void>();
  #isListening = false;

  constructor(
    private readonly link: RedisLink,
    private readonly channel: string,
    /** This process: its own messages come back and are not heard twice. */
    private readonly nodeId: string,
  ) {
    // A connection that listens can do nothing else, so it is one of its own.
    this.#subscriber = link.connect({ maxRetriesPerRequest: null, autoResubscribe: false });
    this.#subscriber.on('message', (_channel: string, text: string) => {
      if (!text.startsWith(`${nodeId} `)) this.#handler(text.slice(OWN));
    });
    this.#subscriber.on('close', () => {
      this.#isListening = false;
    });
    this.#subscriber.on('ready', () => void this.#listen());
  }

  /** True while messages of others arrive. */
  get isListening(): boolean {
    return this.#isListening && this.link.isUp;
  }

  send(text: string): void {
    if (this.link.isUp) void this.link.main.publish(this.channel, `${this.nodeId} ${text}`).catch(() => undefined);
  }

  receive(handler: (text: string) => void): void {
    this.#handler = handler;
  }

  /** Calls `listener` when messages arrive again after a time in which some may have been lost. Returns what ends that. */
  onGap(listener: () => void): () => void {
    this.#gaps.add(listener);
    return () => this.#gaps.delete(listener);
  }

  async #listen(): Promise<void> {
    try {
      await this.#subscriber.subscribe(this.channel);
    } catch {
      return; // the connection went again; the next `ready` tries again
    }
    this.#isListening = true;
    for (const listener of [...this.#gaps]) listener();
  }
}
