// An agent that only talks: it proves its key, reports facts, notes acknowledgements, and comes back when the connection ends.
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { keyIdOf, textToProve } from '../../e2e/spec-agent.mjs';
import { now } from '../figures.mjs';

/** Rule LIVE-4 of the protocol: a random wait below a ceiling that doubles, and falls back after a stable minute. */
const BACKOFF = { first: 1_000, last: 300_000, stable: 60_000 };

/**
 * @typedef {object} Identity
 * @property {string} hostId
 * @property {string} orderKey
 * @property {import('../../e2e/spec-agent.mjs').ProtocolKey} key
 * @property {import('../../e2e/spec-agent.mjs').HostLabel} host
 */

/** One agent. */
export class Agent {
  epoch = randomBytes(16).toString('hex');
  seq = 0;
  acked = 0;
  /** Whether it was welcomed and the connection stands. */
  open = false;
  /** Connections that were cut or refused. */
  ended = 0;
  /** When each message that waits for its acknowledgement had to be sent, oldest first. @type {{ seq: number, due: number, frame: string }[]} */
  waiting = [];
  /** @type {(agent: Agent) => void} */
  onOpen = () => undefined;
  /** Told of each acknowledged message. @type {(agent: Agent, due: number) => void} */
  onAck = () => undefined;
  /** @type {WebSocket | null} */
  #ws = null;
  #stopped = false;
  #failures = 0;
  #openedAt = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #retry;

  /**
   * @param {string} url of the server
   * @param {Identity} identity
   * @param {number} number which computer it is
   */
  constructor(url, identity, number) {
    this.url = `${url.replace(/^http/, 'ws')}/agent/v1`;
    this.identity = identity;
    this.number = number;
  }

  connect() {
    const { hostId, orderKey, key, host } = this.identity;
    const ws = new WebSocket(this.url, ['lockstep-agent.v1'], { perMessageDeflate: false });
    this.#ws = ws;
    const hello = {
      type: 'agent.hello',
      version: 1,
      hostId,
      epoch: this.epoch,
      nonce: randomBytes(32).toString('base64url'),
      keyId: keyIdOf(orderKey),
    };
    ws.on('open', () => ws.send(JSON.stringify(hello)));
    ws.on('error', () => undefined); // `close` follows
    ws.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.type === 'ack') this.#forget(message.seq);
      else if (message.type === 'server.challenge') {
        const lines = textToProve(hello, message, orderKey);
        if (lines === null) throw new Error('the server did not prove its key');
        ws.send(JSON.stringify({ type: 'agent.proof', signature: key.sign('agent', lines), host }));
      } else if (message.type === 'server.welcome') {
        this.open = true;
        this.#openedAt = performance.now();
        this.#forget(message.acked);
        for (const { frame } of this.waiting) ws.send(frame);
        this.onOpen(this);
      }
    });
    ws.on('close', () => {
      if (this.open && performance.now() - this.#openedAt >= BACKOFF.stable) this.#failures = 0;
      this.open = false;
      this.ended += 1;
      if (this.#stopped) return;
      const ceiling = Math.min(BACKOFF.last, BACKOFF.first * 2 ** Math.min(this.#failures++, 30));
      this.#retry = setTimeout(() => this.connect(), Math.random() * ceiling);
    });
  }

  /**
   * Reports facts.
   * @param {readonly import('@lockstep/core/health').Fact[]} facts
   * @param {{ full?: boolean, due?: number, at?: string }} [options] `due`: when it had to be sent, if that was earlier than now
   */
  report(facts, { full = false, due = now(), at = new Date().toISOString() } = {}) {
    this.#say({ type: 'facts', full, facts }, due, at);
  }

  /** Everything was looked at again. */
  still() {
    this.#say({ type: 'still', except: [] }, now(), new Date().toISOString());
  }

  /** Forgets earlier failures, as a connection does that stood for a minute. */
  calm() {
    this.#failures = 0;
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#ws?.terminate();
  }

  /** @param {object} body @param {number} due @param {string} at */
  #say(body, due, at) {
    const seq = ++this.seq;
    const frame = JSON.stringify({ ...body, epoch: this.epoch, seq, at });
    this.waiting.push({ seq, due, frame });
    if (this.open) this.#ws?.send(frame);
  }

  /** @param {number} acked */
  #forget(acked) {
    this.acked = Math.max(this.acked, acked);
    for (let first = this.waiting[0]; first !== undefined && first.seq <= acked; first = this.waiting[0]) {
      this.waiting.shift();
      this.onAck(this, first.due);
    }
  }
}
