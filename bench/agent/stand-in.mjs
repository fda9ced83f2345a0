// A server of one page: enrols, proves its key, acknowledges, and notes when each message came and how many bytes it took.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AGENT_PATH,
  AGENT_SUBPROTOCOL,
  AgentHello,
  AgentMessage,
  ENROL_PATH,
  EnrolRequest,
  handshakeText,
  LIMITS,
  SIGNED,
} from '@lockstep/core/protocol';
import { WebSocketServer } from 'ws';
import { now } from '../figures.mjs';
import { frameBytes } from './costs.mjs';

/** @typedef {import('@lockstep/core/health').Fact} Fact */

/**
 * @typedef {object} Heard one message of the agent
 * @property {number} at
 * @property {number} bytes of the frame as it stood on the wire
 * @property {'facts' | 'full' | 'still' | 'other'} sort
 * @property {boolean} slow only of `still`
 * @property {Fact[]} facts
 */

/** The server's side of SPEC.md, as far as an agent that carries out no orders needs it. */
export class StandIn {
  /** @type {Heard[]} */
  heard = [];
  /** Agents that proved themselves, and connections that anybody else opened: the bare process. */
  connections = 0;
  #key = generateKeyPairSync('ed25519');
  #publicKey = String(this.#key.publicKey.export({ format: 'jwk' }).x);
  #digest = createHash('sha256').update(Buffer.from(this.#publicKey, 'base64url')).digest();
  /** The last number of each epoch. @type {Map<string, number>} */
  #acked = new Map();
  /** @type {Map<import('ws').WebSocket, import('node:net').Socket>} */
  #open = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  #pings;
  #wss = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: LIMITS.frameBytes });
  #http = createServer((request, response) => void this.#enrol(request, response));

  token = `lse1.${randomBytes(24).toString('base64url')}.${this.#digest.toString('base64url')}`;

  async listen() {
    this.#http.on('upgrade', (request, socket, head) => {
      if (request.url !== AGENT_PATH) return void socket.destroy();
      this.#wss.handleUpgrade(request, socket, head, (ws) => this.#serve(ws, /** @type {import('node:net').Socket} */ (socket)));
    });
    await new Promise((resolve) => this.#http.listen(0, '127.0.0.1', () => resolve(undefined)));
    // As often as the real server does: an agent that hears nothing hangs up.
    this.#pings = setInterval(() => {
      for (const ws of this.#open.keys()) ws.ping();
    }, LIMITS.pingMs);
  }

  get url() {
    const address = this.#http.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  /** Bytes that came in over the sockets that are open, whatever they were: frames, pongs. */
  get bytesIn() {
    let bytes = 0;
    for (const socket of this.#open.values()) bytes += socket.bytesRead;
    return bytes;
  }

  /**
   * Waits until something holds.
   * @param {() => boolean} test
   * @param {number} timeoutMs
   * @param {string} what
   */
  async until(test, timeoutMs, what) {
    for (const limit = now() + timeoutMs; !test(); await sleep(1)) if (now() > limit) throw new Error(`waited in vain until ${what}`);
  }

  async close() {
    clearInterval(this.#pings);
    for (const ws of this.#wss.clients) ws.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #enrol(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const asked = EnrolRequest.safeParse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    const good = request.url === ENROL_PATH && asked.success && asked.data.token === this.token;
    const body = { hostId: crypto.randomUUID(), orderKeyId: this.#digest.toString('hex').slice(0, 16), orderKey: this.#publicKey };
    response.writeHead(good ? 201 : 400, { 'content-type': 'application/json' }).end(good ? JSON.stringify(body) : '{}');
  }

  /** @param {import('ws').WebSocket} ws @param {import('node:net').Socket} socket */
  #serve(ws, socket) {
    ws.on('error', () => ws.terminate());
    if (ws.protocol !== AGENT_SUBPROTOCOL) {
      this.connections += 1;
      return;
    }
    this.#open.set(ws, socket);
    ws.on('close', () => this.#open.delete(ws));
    let frames = 0;
    let epoch = '';
    ws.on('message', (data) => {
      const at = now();
      const text = String(data);
      frames += 1;
      if (frames === 1) epoch = this.#challenge(ws, text);
      else if (frames === 2) this.#welcome(ws, epoch);
      else this.#take(ws, text, at);
    });
  }

  /** @param {import('ws').WebSocket} ws @param {string} text */
  #challenge(ws, text) {
    const hello = AgentHello.parse(JSON.parse(text));
    const nonce = randomBytes(32).toString('base64url');
    const time = new Date().toISOString();
    const proven = handshakeText({
      version: hello.version,
      hostId: hello.hostId,
      epoch: hello.epoch,
      agentNonce: hello.nonce,
      serverNonce: nonce,
      time,
    });
    const signature = sign(null, Buffer.from(SIGNED.server + proven), this.#key.privateKey).toString('base64url');
    ws.send(JSON.stringify({ type: 'server.challenge', version: hello.version, nonce, keyId: hello.keyId, time, signature }));
    return hello.epoch;
  }

  /** @param {import('ws').WebSocket} ws @param {string} epoch */
  #welcome(ws, epoch) {
    ws.send(JSON.stringify({ type: 'server.welcome', time: new Date().toISOString(), acked: this.#acked.get(epoch) ?? 0 }));
    this.connections += 1;
  }

  /** @param {import('ws').WebSocket} ws @param {string} text @param {number} at */
  #take(ws, text, at) {
    const message = AgentMessage.parse(JSON.parse(text));
    const sort = message.type === 'still' ? 'still' : message.type !== 'facts' ? 'other' : message.full ? 'full' : 'facts';
    this.heard.push({
      at,
      bytes: frameBytes(Buffer.byteLength(text)),
      sort,
      slow: message.type === 'still' && message.slow === true,
      facts: message.type === 'facts' ? message.facts : [],
    });
    this.#acked.set(message.epoch, message.seq);
    ws.send(JSON.stringify({ type: 'ack', epoch: message.epoch, seq: message.seq }));
  }
}
