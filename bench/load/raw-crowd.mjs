// Connections that exchange as many bytes as a first exchange does and prove nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

const AT_ONCE = 64;

/** Idle connections to the bare server. */
export class RawCrowd {
  /** @type {WebSocket[]} */
  #sockets = [];

  /** @param {{ url: string, count: number }} options */
  async connect({ url, count }) {
    for (let left = count; left > 0; left -= AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, left) }, () => this.#open(url)));
    }
  }

  async close() {
    for (const ws of this.#sockets) ws.terminate();
    this.#sockets = [];
    await sleep(300);
  }

  /** @param {string} url */
  #open(url) {
    const ws = new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false });
    this.#sockets.push(ws);
    let answers = 0;
    // The sizes of agent.hello and agent.proof.
    ws.on('open', () => ws.send('h'.repeat(260)));
    return new Promise((resolve, reject) => {
      ws.on('error', reject);
      ws.on('message', () => {
        answers += 1;
        if (answers === 1) ws.send('p'.repeat(250));
        else resolve(undefined);
      });
    });
  }
}
