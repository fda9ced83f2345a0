import { CLOSE, LIMITS } from '@lockstep/core/protocol';
import type { WebSocket } from 'ws';
import type { HostKeys, OrderKey } from '../access/index.js';
import type { Bus, Clock, Database, Log } from '../platform/index.js';
import { AgentSocket, type AgentSocketOptions } from './agent-socket.js';
import { Connections } from './connections.js';
import type { Frame } from './frame.js';
import { Handshake, type Proven } from './handshake.js';
import { HostLinks } from './host-links.js';
import { HostTransactions } from './host-transactions.js';
import { type Incoming, Ingest } from './ingest.js';
import { quarantine } from './quarantine.js';

/** Contacts are written at most this often: one statement for the whole fleet instead of one per pong. */
const FLUSH_MS = 10_000;
const DEFAULTS: AgentSocketOptions = { handshakeMs: LIMITS.handshakeMs, pingMs: LIMITS.pingMs };

export interface AgentsDeps {
  database: Pick<Database, 'pool'>;
  clock: Clock;
  log: Log;
  bus: Bus;
  hostKeys: Pick<HostKeys, 'get' | 'relabel'>;
  orderKey: Pick<OrderKey, 'keyId' | 'sign'>;
}

/** The room's plain heart: sockets of agents in, committed messages and acknowledgements out. */
export class Agents {
  readonly transactions: HostTransactions;
  readonly ingest: Ingest;
  readonly connections = new Connections();
  readonly links: HostLinks;
  readonly #sockets = new Set<AgentSocket>();
  /** The connection that proved a host last, by host: the only one whose messages count. */
  readonly #claims = new Map<string, AgentSocket>();
  readonly #log: Log;
  #flusher: NodeJS.Timeout | null = null;
  #unsubscribe: (() => void) | null = null;
  #isStopping = false;

  constructor(
    private readonly deps: AgentsDeps,
    private readonly options: AgentSocketOptions = DEFAULTS,
  ) {
    this.#log = deps.log.child({ room: 'agents' });
    this.transactions = new HostTransactions(deps.database, deps.clock);
    this.ingest = new Ingest(this.transactions, this.#log);
    this.links = new HostLinks(this.transactions, this.#log);
    this.ingest.listen({
      acknowledge: (hostId, epoch, seq) => this.#acknowledge(hostId, epoch, seq),
      drained: (hostId) => this.#claims.get(hostId)?.resume(),
    });
  }

  start(): void {
    this.#flusher = setInterval(() => void this.links.flush(), FLUSH_MS);
    this.#unsubscribe = this.deps.bus.subscribe('host.revoked', ({ hostId }) => {
      // Also those that are just being let in.
      for (const socket of this.#sockets) if (socket.hostId === hostId) socket.close(CLOSE.revoked);
    });
  }

  /** Closes every socket, finishes what is being committed, writes the last contacts. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#flusher) clearInterval(this.#flusher);
    this.#unsubscribe?.();
    for (const socket of this.#sockets) socket.close(CLOSE.serverClosing);
    await this.ingest.stop();
    await this.links.flush();
    await this.transactions.idle();
  }

  /** Takes over a socket right after its upgrade. */
  accept(ws: WebSocket): void {
    const handshake = new Handshake(this.deps.hostKeys, this.deps.orderKey, this.deps.clock);
    const socket = new AgentSocket(
      ws,
      handshake,
      {
        admit: (proven, s) => this.#admit(proven, s),
        admitted: (s) => this.#admitted(s),
        take: (s, frame, raw) => this.#take(s, frame, raw),
        heard: (hostId) => this.links.touch(hostId, this.deps.clock.now()),
        closed: (s) => this.#closed(s),
      },
      this.deps.clock,
      this.#log,
      this.options,
    );
    this.#sockets.add(socket);
    if (this.#isStopping) socket.close(CLOSE.serverClosing);
  }

  async #admit(proven: Proven, socket: AgentSocket): Promise<number> {
    // Whoever proved the host last has it. Nothing of an older connection is committed once the new one is told what is.
    const older = this.#claims.get(proven.hostId);
    this.#claims.set(proven.hostId, socket);
    const isSwap = older !== undefined && this.connections.get(proven.hostId) === older;
    if (older) {
      if (isSwap) this.#log.warn('a newer connection took a host over', { hostId: proven.hostId });
      this.ingest.bar(older, proven.hostId);
      older.close(CLOSE.replaced);
    }
    // What the host says of itself is a label: told to the room that keeps labels, never trusted.
    await this.deps.hostKeys.relabel(null, proven.hostId, proven.label);
    return this.links.open(proven.hostId, proven.epoch, isSwap);
  }

  #admitted(socket: AgentSocket): void {
    this.connections.enter(socket);
  }

  #take(socket: AgentSocket, frame: Frame, raw: Buffer): boolean {
    const { hostId, epoch } = socket;
    const { envelope } = frame;
    if (!envelope || envelope.epoch !== epoch) {
      // No number that could be acknowledged, or one of another spool than this connection proved.
      const { field, reason } =
        frame.kind === 'bad' && !envelope ? frame : { field: 'epoch', reason: 'is not the epoch of this connection' };
      void this.#store(socket, envelope?.seq ?? null, field, reason, raw);
      socket.close(CLOSE.badMessage);
      return true;
    }
    if (!socket.counts(envelope.seq)) {
      socket.close(CLOSE.tooFast);
      return true;
    }
    const content: Incoming['content'] =
      frame.kind === 'message'
        ? { kind: 'message', message: frame.message }
        : frame.kind === 'unknown'
          ? { kind: 'unknown' }
          : { kind: 'bad', field: frame.field, reason: frame.reason };
    return this.ingest.offer({ source: socket, hostId, epoch, seq: envelope.seq, raw, content });
  }

  async #store(socket: AgentSocket, seq: number | null, field: string, reason: string, raw: Buffer): Promise<boolean> {
    try {
      await this.transactions.run([socket.hostId], (tx) =>
        quarantine(tx.client, [{ hostId: socket.hostId, epoch: socket.epoch, seq, field, reason, raw }], tx.now),
      );
      return true;
    } catch (error) {
      this.#log.warn('a bad message could not be stored', { hostId: socket.hostId, field, reason, error });
      return false;
    }
  }

  #acknowledge(hostId: string, epoch: string, seq: number): void {
    const socket = this.#claims.get(hostId);
    if (socket?.epoch === epoch) socket.acknowledge(seq);
  }

  #closed(socket: AgentSocket): void {
    const { hostId } = socket;
    this.#sockets.delete(socket);
    if (hostId === '') return;
    this.ingest.bar(socket, hostId);
    if (this.#claims.get(hostId) === socket) this.#claims.delete(hostId);
    this.connections.leave(socket);
  }
}
