import { CLOSE, LIMITS } from '@lockstep/core/protocol';
import type { WebSocket } from 'ws';
import type { HostKeys, OrderKeys } from '../access/index.js';
import type { Bus, Clock, Database, Leadership, Log, Nodes } from '../platform/index.js';
import { AgentSocket, type AgentSocketHooks, type AgentSocketOptions } from './agent-socket.js';
import { Connections } from './connections.js';
import { Elsewhere } from './elsewhere.js';
import type { Frame } from './frame.js';
import { type CloseWith, Handshake, type Proven } from './handshake.js';
import { HostLinks, type Opened } from './host-links.js';
import { HostTransactions } from './host-transactions.js';
import { type Incoming, Ingest } from './ingest.js';
import { quarantine } from './quarantine.js';

/** Contacts are written at most this often: one statement for the whole fleet instead of one per pong. */
const FLUSH_MS = 10_000;
/** When the server stops, what agents sent is committed for so long; what is left then comes again, elsewhere. */
const DRAIN_MS = 5_000;
const DEFAULTS: AgentSocketOptions = { handshakeMs: LIMITS.handshakeMs, pingMs: LIMITS.pingMs };

export interface AgentsDeps {
  database: Pick<Database, 'pool'>;
  clock: Clock;
  log: Log;
  bus: Bus;
  hostKeys: Pick<HostKeys, 'get' | 'relabel' | 'revokedAmong'>;
  orderKeys: Pick<OrderKeys, 'find' | 'chainFrom' | 'reload'>;
  /** This server process. */
  node: Pick<Nodes, 'id'>;
  leader: Leadership;
  /** The way to other server processes; null when there can be none. */
  relay: { onGap(listener: () => void): () => void } | null;
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
  /** What every socket asks of this room: one object for all of them. */
  readonly #hooks: AgentSocketHooks = {
    admit: (proven, socket) => this.#admit(proven, socket),
    admitted: (socket) => this.#admitted(socket),
    take: (socket, frame, raw) => this.#take(socket, frame, raw),
    heard: (hostId) => this.links.touch(hostId, this.deps.clock.now()),
    closed: (socket, answered) => this.#closed(socket, answered),
  };
  #flusher: NodeJS.Timeout | null = null;
  readonly #unsubscribe: (() => void)[] = [];
  readonly #elsewhere: Elsewhere | null;
  #isStopping = false;
  #isStopped = false;

  constructor(
    private readonly deps: AgentsDeps,
    private readonly options: AgentSocketOptions = DEFAULTS,
  ) {
    this.#log = deps.log.child({ room: 'agents' });
    this.transactions = new HostTransactions(deps.database, deps.clock, deps.node.id);
    this.ingest = new Ingest(this.transactions, this.#log);
    this.links = new HostLinks(this.transactions, deps.node.id, this.#log);
    const { database, bus, hostKeys, leader } = deps;
    const { transactions, connections } = this;
    const closeOlder = (hostId: string, signOn: number, code: CloseWith) => this.#closeOlder(hostId, signOn, code);
    this.#elsewhere = deps.relay
      ? new Elsewhere({ database, transactions, connections, hostKeys, nodeId: deps.node.id, leader, bus, log: this.#log, closeOlder })
      : null;
    this.ingest.listen({
      acknowledge: (hostId, epoch, seq) => this.#acknowledge(hostId, epoch, seq),
      drained: (hostId) => this.#claims.get(hostId)?.resume(),
    });
  }

  start(): void {
    this.#flusher = setInterval(() => {
      void this.links.flush();
      // The hint of another server may have been lost: a key that ended must not serve on.
      if (this.deps.relay) this.#keysChanged(false);
    }, FLUSH_MS);
    this.#unsubscribe.push(
      // Also those that are just being let in.
      this.deps.bus.subscribe('host.revoked', ({ hostId }) => this.#closeOlder(hostId, Number.POSITIVE_INFINITY, CLOSE.revoked)),
      this.deps.bus.subscribe('order-keys.changed', () => this.#keysChanged(true)),
    );
    this.#elsewhere?.start();
    if (this.deps.relay && this.#elsewhere) this.#unsubscribe.push(this.deps.relay.onGap(() => this.#elsewhere?.look()));
  }

  /**
   * Reads no further, commits and acknowledges what came, then tells every agent that this server closes: none has to send again what was
   * on its way. Writes the last contacts.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#flusher) clearInterval(this.#flusher);
    for (const end of this.#unsubscribe) end();
    for (const socket of this.#sockets) socket.hold();
    await this.ingest.drain(DRAIN_MS);
    // Their rows are left as they are: whoever leads next takes down what a server held that is gone, and marks the pairs.
    this.#isStopped = true;
    for (const socket of this.#sockets) {
      if (socket.signOn > 0) this.#tellLeft(socket.hostId, socket.signOn);
      socket.close(CLOSE.serverClosing);
    }
    await this.ingest.stop();
    await this.#elsewhere?.stop();
    await this.links.flush();
    await this.transactions.idle();
  }

  /** Takes over a socket right after its upgrade. */
  accept(ws: WebSocket): void {
    const handshake = new Handshake(this.deps.hostKeys, this.deps.orderKeys, this.deps.clock);
    const socket = new AgentSocket(ws, handshake, this.#hooks, this.deps.clock, this.#log, this.options);
    this.#sockets.add(socket);
    if (this.#isStopping) socket.close(CLOSE.serverClosing);
  }

  /** Closes connections of the host that began before its n-th sign-on. One that is just being let in finds out by itself. */
  #closeOlder(hostId: string, signOn: number, code: CloseWith): void {
    for (const socket of this.#sockets) {
      if (socket.hostId !== hostId || socket.signOn >= signOn || (socket.signOn === 0 && Number.isFinite(signOn))) continue;
      this.ingest.bar(socket, hostId);
      socket.close(code);
    }
  }

  async #admit(proven: Proven, socket: AgentSocket): Promise<Opened> {
    // Whoever proved the host last has it. Nothing of an older connection is committed once the new one is told what is.
    const older = this.#claims.get(proven.hostId);
    this.#claims.set(proven.hostId, socket);
    const isOpenHere = older !== undefined && this.connections.get(proven.hostId) === older;
    const isSwap = isOpenHere || this.connections.signOnElsewhere(proven.hostId) !== null;
    if (isSwap) this.#log.warn('a newer connection took a host over', { hostId: proven.hostId });
    if (older) {
      this.ingest.bar(older, proven.hostId);
      older.close(CLOSE.replaced);
    }
    // What the host says of itself is a label: told to the room that keeps labels, never trusted.
    await this.deps.hostKeys.relabel(null, proven.hostId, proven.label);
    const opened = await this.links.open(proven.hostId, proven.epoch, isSwap, proven.keyId);
    // It may have gone meanwhile, and nobody else would take its row down.
    if (!this.#sockets.has(socket)) this.links.left(proven.hostId, opened.signOn);
    // The news of a connection that is newer still may have come first.
    const other = this.connections.signOnElsewhere(proven.hostId);
    if (other !== null && other > opened.signOn) socket.close(CLOSE.replaced);
    else this.deps.bus.publish('host.held', { hostId: proven.hostId, nodeId: this.deps.node.id, signOn: opened.signOn });
    return opened;
  }

  #admitted(socket: AgentSocket): void {
    if (this.#introduce(socket)) this.connections.enter(socket);
  }

  /** Tells which keys came after the one that proved the server on this connection, if any did. False when that one ended: the host comes back by a later one. */
  #introduce(socket: AgentSocket): boolean {
    if (!this.deps.orderKeys.find(socket.keyId)) {
      socket.close(CLOSE.serverClosing);
      return false;
    }
    const introductions = this.deps.orderKeys.chainFrom(socket.keyId);
    if (introductions.length > 0) socket.send({ type: 'server.keys', introductions });
    return true;
  }

  /** A key may have come: everybody who is here is told, if wanted. Or one ended: who is here by it comes back by a successor. */
  #keysChanged(tell: boolean): void {
    try {
      this.deps.orderKeys.reload();
    } catch (error) {
      return this.#log.error('the order keys cannot be read again', { error });
    }
    for (const socket of this.#sockets) {
      if (socket.signOn === 0) continue;
      if (tell) this.#introduce(socket);
      else if (!this.deps.orderKeys.find(socket.keyId)) socket.close(CLOSE.serverClosing);
    }
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
    return this.ingest.offer({ source: socket, signOn: socket.signOn, hostId, epoch, seq: envelope.seq, raw, content });
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

  #closed(socket: AgentSocket, answered: number | null): void {
    const { hostId } = socket;
    this.#sockets.delete(socket);
    if (hostId === '') return;
    this.ingest.bar(socket, hostId);
    if (this.#claims.get(hostId) === socket) this.#claims.delete(hostId);
    this.connections.leave(socket);
    if (socket.signOn === 0 || this.#isStopped) return;
    if (answered === CLOSE.replaced[0]) void this.links.takenOver(hostId);
    this.links.left(hostId, socket.signOn);
    this.#tellLeft(hostId, socket.signOn);
  }

  #tellLeft(hostId: string, signOn: number): void {
    this.deps.bus.publish('host.left', { hostId, nodeId: this.deps.node.id, signOn });
  }
}
