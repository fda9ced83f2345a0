import { type LiveMessage, LiveWatch, type OrdersView, type PairRow, type StatusView, type TicketRow } from '@lockstep/core/protocol';
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
  /** The rows of all pairs or tickets, one of them, or nothing yet. */
  watches: { kind: 'fleet' | 'tickets' } | { kind: 'pair' | 'ticket'; id: string } | null = null;
  readonly #rows = new Map<string, PairRow>();
  readonly #tickets = new Map<string, TicketRow>();
  readonly #latest = new Map<LiveMessage['type'], LiveMessage>();
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
    keepNewest(this.#rows, rows);
    this.flush();
  }

  /** The same for tickets. */
  offerTickets(rows: readonly TicketRow[]): void {
    keepNewest(this.#tickets, rows);
    this.flush();
  }

  /** Keeps a message to send; of each type only the newest. */
  offer(message: Extract<LiveMessage, { type: 'summary' | 'pair' | 'ticket' | 'ticket-summary' }>): void {
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
    if (this.#tickets.size > 0) {
      this.#send({ type: 'tickets', rows: [...this.#tickets.values()] });
      this.#tickets.clear();
    }
    for (const message of this.#latest.values()) this.#send(message);
    this.#latest.clear();
  }

  greet(time: string): void {
    this.#send({ type: 'hello', time });
  }

  /** How the server does: sent past what waits, whatever is watched. */
  tell(status: StatusView): void {
    if (this.ws.readyState === WebSocket.OPEN) this.#send({ type: 'status', status });
  }

  /** What limits orders: the same way. */
  tellOrders(orders: OrdersView): void {
    if (this.ws.readyState === WebSocket.OPEN) this.#send({ type: 'orders', orders });
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
    this.#tickets.clear();
    this.#latest.clear();
    this.watches = watchedBy(watch);
    this.onWatch(this);
  }
}

function watchedBy(watch: LiveWatch): Watcher['watches'] {
  switch (watch.type) {
    case 'watch.fleet':
      return { kind: 'fleet' };
    case 'watch.tickets':
      return { kind: 'tickets' };
    case 'watch.pair':
      return { kind: 'pair', id: watch.id };
    case 'watch.ticket':
      return { kind: 'ticket', id: watch.id };
    case 'unwatch':
      return null;
  }
}

function keepNewest<Row extends { id: string; revision: number }>(waiting: Map<string, Row>, rows: readonly Row[]): void {
  for (const row of rows) {
    const known = waiting.get(row.id);
    if (!known || known.revision <= row.revision) waiting.set(row.id, row);
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
