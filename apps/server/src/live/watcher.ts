import { type LiveMessage, LiveWatch, type PairRow } from '@lockstep/core/protocol';
import { WebSocket } from 'ws';
import { depthOf } from '../agents/index.js';

/** Bytes a slow browser may have waiting before it is sent only the latest. */
const SLOW_BYTES = 256 * 1024;
/** Messages a browser may send in a second: it has only its choice of page to tell. */
const PER_SECOND = 10;
const BURST = 20;
/** Nesting of what a browser sends: it has no nested field. */
const DEPTH = 3;
/** Policy violation and going away, RFC 6455 section 7.4.1. */
const POLICY = 1008;

/** One browser: what it watches, and what it has not been sent yet. */
export class Watcher {
  /** The fleet's rows, one pair, or nothing yet. */
  watches: { kind: 'fleet' } | { kind: 'pair'; id: string } | null = null;
  readonly #rows = new Map<string, PairRow>();
  readonly #latest = new Map<'summary' | 'pair', LiveMessage>();
  #level = 0;
  #levelAt = performance.now();

  constructor(
    readonly ws: WebSocket,
    readonly sessionId: string | null,
    private readonly onWatch: (watcher: Watcher) => void,
  ) {
    ws.on('message', (data, isBinary) => this.#take(isBinary ? null : data.toString()));
  }

  /** Keeps rows to send; of one pair only the newest. */
  offerRows(rows: readonly PairRow[]): void {
    for (const row of rows) {
      const waiting = this.#rows.get(row.id);
      if (!waiting || waiting.revision <= row.revision) this.#rows.set(row.id, row);
    }
    this.flush();
  }

  /** Keeps a message to send; of each type only the newest. */
  offer(message: Extract<LiveMessage, { type: 'summary' | 'pair' }>): void {
    this.#latest.set(message.type, message);
    this.flush();
  }

  /** Sends what waits, unless the browser still has much to take. */
  flush(): void {
    if (this.ws.readyState !== WebSocket.OPEN || this.ws.bufferedAmount > SLOW_BYTES) return;
    if (this.#rows.size > 0) {
      this.#send({ type: 'pairs', rows: [...this.#rows.values()] });
      this.#rows.clear();
    }
    for (const message of this.#latest.values()) this.#send(message);
    this.#latest.clear();
  }

  greet(time: string): void {
    this.#send({ type: 'hello', time });
  }

  close(code: number, reason: string): void {
    this.ws.close(code, reason);
  }

  #send(message: LiveMessage): void {
    this.ws.send(JSON.stringify(message), () => undefined);
  }

  #take(text: string | null): void {
    const now = performance.now();
    this.#level = Math.max(0, this.#level - ((now - this.#levelAt) / 1000) * PER_SECOND) + 1;
    this.#levelAt = now;
    if (this.#level > BURST) return this.close(POLICY, 'too-fast');
    const watch = text === null ? null : read(text);
    if (!watch) return this.close(POLICY, 'bad-message');
    this.#rows.clear();
    this.#latest.clear();
    this.watches = watch.type === 'watch.fleet' ? { kind: 'fleet' } : watch.type === 'watch.pair' ? { kind: 'pair', id: watch.id } : null;
    this.onWatch(this);
  }
}

function read(text: string): LiveWatch | null {
  if (depthOf(text) > DEPTH) return null;
  try {
    const parsed = LiveWatch.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
