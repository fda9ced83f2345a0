import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A load balancer at its plainest: each connection goes to the first server of a list that takes it. */
export class Balancer {
  private readonly open = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** Ports, the preferred one first; may be changed at any time. */
    public targets: number[],
  ) {}

  static async listen(targets: number[]): Promise<Balancer> {
    const server = createServer((from) => void balancer.carry(from));
    const balancer = new Balancer(server, targets);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  private async carry(from: Socket): Promise<void> {
    this.keep(from);
    for (const port of this.targets) {
      const to = await dial(port);
      if (!to) continue;
      this.keep(to);
      if (from.destroyed) return void to.destroy();
      from.pipe(to).pipe(from);
      from.once('close', () => to.destroy());
      to.once('close', () => from.destroy());
      return;
    }
    from.destroy();
  }

  private keep(socket: Socket): void {
    this.open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.open.delete(socket));
  }
}

function dial(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(null));
  });
}
