import { Udid } from '@lockstep/core/health';
import { z } from 'zod';
import { readJson } from './json.js';
import type { Log } from './log.js';

const Id = z.uuid();
/** More pairs than a host may have. */
const Ids = z.array(Id).max(10_000);

/**
 * What the rooms tell each other, after the commit that made it true. Every message is a hint: whoever misses one finds the truth in the
 * rows, and a sweep looks at the rows anyway.
 */
export const TOPICS = {
  'pair.changed': z.object({ hostId: Id, pairIds: Ids.readonly() }),
  'host.changed': z.object({ hostId: Id }),
  /** At this host these phones are well or not well since now, or are here for the first time: other hosts that know them may think otherwise. */
  'phone.changed': z.object({ hostId: Id, udids: z.array(Udid).max(10_000).readonly() }),
  'run.changed': z.object({ runId: Id, hostId: Id, pairId: Id.nullable() }),
  /** The ticket is about this host, or a pair of it. */
  'ticket.changed': z.object({ ticketId: Id, hostId: Id }),
  /** The run may be sent, and the process that was told so does not hold the host's socket: whoever does sends it. */
  'run.due': z.object({ runId: Id, hostId: Id }),
  /** The host signed on for the n-th time, at this process: every connection with a lower number is over. */
  'host.held': z.object({ hostId: Id, nodeId: Id, signOn: z.int().min(1) }),
  /** That connection is over. */
  'host.left': z.object({ hostId: Id, nodeId: Id, signOn: z.int().min(1) }),
  /** The host's key is no longer accepted: whoever holds its socket closes it. */
  'host.revoked': z.object({ hostId: Id }),
  /** An order key came or ended: whoever holds sockets reads the keys again. */
  'order-keys.changed': z.object({}),
  /** A feed of released software was read, or could not be: whoever keeps the catalogue looks at the rows again. */
  'software.changed': z.object({}),
  /** All orders were stopped, or may be sent again. */
  'orders.changed': z.object({}),
  /** A run began or ceased to wait for somebody's yes. */
  'approvals.changed': z.object({}),
  /** These browser sessions are over: whoever holds their sockets closes them. */
  'session.ended': z.object({ sessionIds: Ids.readonly() }),
} as const;
export type Topic = keyof typeof TOPICS;
export type Topics = { [T in Topic]: z.output<(typeof TOPICS)[T]> };

type Handler<T extends Topic> = (message: Topics[T]) => void;
type Handlers = { [T in Topic]?: Set<Handler<T>> };

/** Carries messages to the other server processes and brings theirs. */
export interface Relay {
  /** Sends, if that can be done now. */
  send(text: string): void;
  /** Calls `handler` with what another process sent. */
  receive(handler: (text: string) => void): void;
}

/** Nesting of a message between processes. */
const DEPTH = 6;

/** Hints between rooms, of this process and, over a relay, of all. */
export class Bus {
  private readonly handlers: Handlers = {};
  private relay: Relay | null = null;

  constructor(private readonly log: Log) {}

  /** From now on other processes are told too, and their messages are handed to subscribers here. */
  connect(relay: Relay): void {
    this.relay = relay;
    relay.receive((text) => this.receive(text));
  }

  /** Calls `handler` for each message of the topic. Returns what ends the subscription. */
  subscribe<T extends Topic>(topic: T, handler: Handler<T>): () => void {
    const all = this.of(topic);
    all.add(handler);
    return () => all.delete(handler);
  }

  /**
   * Hands a message to the topic's subscribers after the running code, here and in the other processes; a subscriber that throws harms
   * nobody else. Subscribers here are always reached, others as well as the relay can.
   */
  publish<T extends Topic>(topic: T, message: Topics[T]): void {
    this.relay?.send(JSON.stringify({ topic, message }));
    this.deliver(topic, message);
  }

  private deliver<T extends Topic>(topic: T, message: Topics[T]): void {
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

  /** The door for messages of other processes: another version may speak otherwise, and Redis may be anybody's. */
  private receive(text: string): void {
    const read = readJson(text, DEPTH, '(message)');
    const envelope = read.ok ? Envelope.safeParse(read.value) : null;
    if (!envelope?.success) {
      this.log.warn('a message of another server could not be read', { field: read.ok ? 'topic' : read.error.field });
      return;
    }
    const { topic, message } = envelope.data;
    const parsed = TOPICS[topic].safeParse(message);
    if (parsed.success) this.deliver(topic, parsed.data as Topics[typeof topic]);
    else this.log.warn('a message of another server could not be read', { topic, field: parsed.error.issues[0]?.path.join('.') ?? '' });
  }

  private of<T extends Topic>(topic: T): Set<Handler<T>> {
    const known = this.handlers[topic] as Set<Handler<T>> | undefined;
    if (known !== undefined) return known;
    const made = new Set<Handler<T>>();
    (this.handlers as Record<Topic, unknown>)[topic] = made;
    return made;
  }
}

const Envelope = z.object({ topic: z.enum(Object.keys(TOPICS) as [Topic, ...Topic[]]), message: z.unknown() });
