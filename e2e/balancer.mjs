// A load balancer at its plainest.
import { connect, createServer } from 'node:net';

/** Each connection goes to the first server of a list that takes it. */
export class Balancer {
  /** @type {Set<import('node:net').Socket>} */
  #open = new Set();

  /**
   * @param {import('node:net').Server} server
   * @param {number[]} targets ports, the preferred one first; may be changed at any time
   */
  constructor(server, targets) {
    this.server = server;
    this.targets = targets;
  }

  /** @param {number[]} targets @returns {Promise<Balancer>} */
  static async listen(targets) {
    const server = createServer((from) => void balancer.#carry(from));
    const balancer = new Balancer(server, targets);
    await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)));
    return balancer;
  }

  get url() {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the balancer listens on no port');
    return `http://127.0.0.1:${address.port}`;
  }

  async close() {
    for (const socket of this.#open) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  /** @param {import('node:net').Socket} from */
  async #carry(from) {
    this.#keep(from);
    for (const port of this.targets) {
      const to = await dial(port);
      if (!to) continue;
      this.#keep(to);
      if (from.destroyed) {
        to.destroy();
        return;
      }
      from.pipe(to).pipe(from);
      from.once('close', () => to.destroy());
      to.once('close', () => from.destroy());
      return;
    }
    from.destroy();
  }

  /** @param {import('node:net').Socket} socket */
  #keep(socket) {
    this.#open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#open.delete(socket));
  }
}

/** @param {number} port @returns {Promise<import('node:net').Socket | null>} */
function dial(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(null));
  });
}
