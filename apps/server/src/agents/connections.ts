import type { ServerMessage } from '@lockstep/core/protocol';
import type { CloseWith } from './handshake.js';

/** One admitted connection, as other rooms see it. */
export interface ConnectedHost {
  readonly hostId: string;
  readonly epoch: string;
  /** The agent's nonce of this connection. */
  readonly nonce: string;
  /** False when the socket is already going down. */
  send(message: ServerMessage): boolean;
  close(code: CloseWith): void;
}

type Listener = (hostId: string, isConnected: boolean) => void;

/** Who is connected to this process, one connection per host: the newest. */
export class Connections {
  readonly #hosts = new Map<string, ConnectedHost>();
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

  get(hostId: string): ConnectedHost | null {
    return this.#hosts.get(hostId) ?? null;
  }

  isConnected(hostId: string): boolean {
    return this.#hosts.has(hostId);
  }

  /** The nonce that orders for this host have to carry now; null when it is not connected. */
  connectionNonce(hostId: string): string | null {
    return this.#hosts.get(hostId)?.nonce ?? null;
  }

  /** Sends to a host; false when it is not connected. Nothing is promised about arrival. */
  send(hostId: string, message: ServerMessage): boolean {
    return this.#hosts.get(hostId)?.send(message) ?? false;
  }

  get size(): number {
    return this.#hosts.size;
  }

  ids(): string[] {
    return [...this.#hosts.keys()];
  }

  /** Calls `listener` when a host comes or goes. Returns what ends that. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(hostId: string, isConnected: boolean): void {
    for (const listener of [...this.#listeners]) listener(hostId, isConnected);
  }
}
