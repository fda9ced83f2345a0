import type { ServerMessage } from '@lockstep/core/protocol';
import type { CloseWith } from './handshake.js';

/** One admitted connection, as other rooms see it. */
export interface ConnectedHost {
  readonly hostId: string;
  readonly epoch: string;
  /** The agent's nonce of this connection. */
  readonly nonce: string;
  /** The order key that proved the server on this connection: the agent may know no other. */
  readonly keyId: string;
  /** How many times the host had signed on with this one: of two connections the one with more is the newer. */
  readonly signOn: number;
  /** False when the socket is already going down. */
  send(message: ServerMessage): boolean;
  close(code: CloseWith): void;
}

/** A connection of another server process, as far as it was told. */
interface Elsewhere {
  nodeId: string;
  signOn: number;
  /** When this was told, by `performance.now()`. */
  at: number;
}

type Listener = (hostId: string, isConnected: boolean) => void;

/** Who is connected: to this process, one connection per host, the newest; and to the other processes, as they tell. */
export class Connections {
  readonly #hosts = new Map<string, ConnectedHost>();
  readonly #elsewhere = new Map<string, Elsewhere>();
  readonly #listeners = new Set<Listener>();

  /** Enters a connection in the place of an older one, which is returned. */
  enter(host: ConnectedHost): ConnectedHost | null {
    const older = this.#hosts.get(host.hostId) ?? null;
    this.#hosts.set(host.hostId, host);
    this.#tell(host.hostId, true);
    return older;
  }

  /** Takes a connection out, unless a newer one stands in its place already. */
  leave(host: ConnectedHost): boolean {
    if (this.#hosts.get(host.hostId) !== host) return false;
    this.#hosts.delete(host.hostId);
    this.#tell(host.hostId, false);
    return true;
  }

  /** The connection, if this process holds it. */
  get(hostId: string): ConnectedHost | null {
    return this.#hosts.get(hostId) ?? null;
  }

  /** Whether the host is connected, to whichever process. */
  isConnected(hostId: string): boolean {
    return this.#hosts.has(hostId) || this.#elsewhere.has(hostId);
  }

  /** Whether this process holds the host's connection. */
  isHere(hostId: string): boolean {
    return this.#hosts.has(hostId);
  }

  /** The nonce that orders for this host have to carry now; null when it is not connected here. */
  connectionNonce(hostId: string): string | null {
    return this.#hosts.get(hostId)?.nonce ?? null;
  }

  /** Sends to a host; false when it is not connected here. Nothing is promised about arrival. */
  send(hostId: string, message: ServerMessage): boolean {
    return this.#hosts.get(hostId)?.send(message) ?? false;
  }

  /** Hosts that are connected to this process. */
  get size(): number {
    return this.#hosts.size;
  }

  /** Hosts that are connected to any process. */
  get everywhere(): number {
    let n = this.#hosts.size;
    for (const hostId of this.#elsewhere.keys()) if (!this.#hosts.has(hostId)) n++;
    return n;
  }

  /** The hosts that are connected to this process. */
  ids(): string[] {
    return [...this.#hosts.keys()];
  }

  /** The hosts that are connected to any process. */
  idsEverywhere(): string[] {
    return [...new Set([...this.#hosts.keys(), ...this.#elsewhere.keys()])];
  }

  /** Another process holds the host now. */
  heldElsewhere(hostId: string, nodeId: string, signOn: number): void {
    const known = this.#elsewhere.get(hostId);
    if (!known || known.signOn <= signOn) this.#elsewhere.set(hostId, { nodeId, signOn, at: performance.now() });
  }

  /** Another process no longer holds the host. */
  leftElsewhere(hostId: string, signOn: number): void {
    if (this.#elsewhere.get(hostId)?.signOn === signOn) this.#elsewhere.delete(hostId);
  }

  /** The number of the newest connection that another process told of; null when it told of none. */
  signOnElsewhere(hostId: string): number | null {
    return this.#elsewhere.get(hostId)?.signOn ?? null;
  }

  /**
   * All that other processes hold, as it was read.
   * @param readAt when the reading began, by `performance.now()`: what was told since then is newer
   */
  replaceElsewhere(rows: readonly { hostId: string; nodeId: string; signOn: number }[], readAt: number): void {
    const read = new Map(rows.map((r) => [r.hostId, r]));
    for (const [hostId, { at }] of this.#elsewhere) if (at < readAt && !read.has(hostId)) this.#elsewhere.delete(hostId);
    for (const { hostId, nodeId, signOn } of rows) {
      const known = this.#elsewhere.get(hostId);
      if (!known || known.at < readAt) this.#elsewhere.set(hostId, { nodeId, signOn, at: readAt });
    }
  }

  /** A process that held these hosts is gone, and nobody else can say so for it. */
  lost(hostIds: readonly string[]): void {
    for (const hostId of hostIds) {
      this.#elsewhere.delete(hostId);
      this.#tell(hostId, this.#hosts.has(hostId));
    }
  }

  /** Calls `listener` when a host comes or goes here, or when its process is gone. Returns what ends that. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(hostId: string, isConnected: boolean): void {
    for (const listener of [...this.#listeners]) listener(hostId, isConnected);
  }
}
