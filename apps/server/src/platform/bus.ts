import type { Log } from './log.js';

/**
 * What the rooms tell each other, after the commit that made it true. Every message is a hint: whoever misses one finds the truth in the
 * rows, and a sweep looks at the rows anyway.
 */
export interface Topics {
  'pair.changed': { hostId: string; pairIds: readonly string[] };
  'host.changed': { hostId: string };
  'run.changed': { runId: string; hostId: string; pairId: string | null };
  /** The host's key is no longer accepted: whoever holds its socket closes it. */
  'host.revoked': { hostId: string };
  /** These browser sessions are over: whoever holds their sockets closes them. */
  'session.ended': { sessionIds: readonly string[] };
}
export type Topic = keyof Topics;

type Handler<T extends Topic> = (message: Topics[T]) => void;
type Handlers = { [T in Topic]?: Set<Handler<T>> };

/** Hints between rooms of this process. */
export class Bus {
  private readonly handlers: Handlers = {};

  constructor(private readonly log: Log) {}

  /** Calls `handler` for each message of the topic. Returns what ends the subscription. */
  subscribe<T extends Topic>(topic: T, handler: Handler<T>): () => void {
    const all = this.of(topic);
    all.add(handler);
    return () => all.delete(handler);
  }

  /** Hands a message to the topic's subscribers after the running code; a subscriber that throws harms nobody else. */
  publish<T extends Topic>(topic: T, message: Topics[T]): void {
    const all = this.handlers[topic] as Set<Handler<T>> | undefined;
    if (all === undefined || all.size === 0) return;
    queueMicrotask(() => {
      for (const handler of [...all]) {
        try {
          handler(message);
        } catch (error) {
          this.log.error('a subscriber failed', { topic, error });
        }
      }
    });
  }

  private of<T extends Topic>(topic: T): Set<Handler<T>> {
    const known = this.handlers[topic] as Set<Handler<T>> | undefined;
    if (known !== undefined) return known;
    const made = new Set<Handler<T>>();
    (this.handlers as Record<Topic, unknown>)[topic] = made;
    return made;
  }
}
