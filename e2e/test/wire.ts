import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A stretch of network between an agent and its server, which a test can cut or make lose what the agent says. */
export class Wire {
  /** While true, nothing that the agent sends arrives. */
  isLosing = false;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      near.on('data', (bytes) => {
        if (!this.isLosing) far.write(bytes);
      });
      far.on('data', (bytes) => near.write(bytes));
      for (const [end, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(end);
        end.on('error', () => undefined);
        end.on('close', () => {
          this.#sockets.delete(end);
          other.destroy();
        });
      }
    });
  }

  static async to(port: number): Promise<Wire> {
    const wire = new Wire(port);
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks every connection; new ones are let through. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async end(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
