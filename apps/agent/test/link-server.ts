import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  AGENT_PATH,
  AGENT_SUBPROTOCOL,
  AgentHello,
  AgentMessage,
  AgentProof,
  CLOSE,
  ENROL_PATH,
  EnrolRequest,
  enrolText,
  handshakeText,
  type Introduction,
  type Order,
  type ServerOrder,
  SIGNED,
  successorText,
} from '@lockstep/core/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import type { z } from 'zod';
import { isSignedBy } from '../src/link/keys.js';

/** A host as this server knows it. */
interface KnownHost {
  publicKey: string;
  revoked: boolean;
  epochs: Map<string, number>;
}

/** One agent after its first exchange. */
export interface Peer {
  ws: WebSocket;
  hostId: string;
  epoch: string;
  nonce: string;
  /** The key that signed this connection's challenge. */
  key: ServerKey;
}

/** An order key of this server. */
export class ServerKey {
  readonly #key: KeyObject;
  readonly publicKey: string;
  readonly keyId: string;
  readonly fingerprint: string;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.#key = privateKey;
    this.publicKey = String(publicKey.export({ format: 'jwk' }).x);
    const digest = createHash('sha256').update(Buffer.from(this.publicKey, 'base64url')).digest();
    this.keyId = digest.toString('hex').slice(0, 16);
    this.fingerprint = digest.toString('base64url');
  }

  sign(prefix: string, text: string | Buffer): string {
    return sign(null, Buffer.concat([Buffer.from(prefix), Buffer.from(text)]), this.#key).toString('base64url');
  }

  /** Introduces a successor; `change` bends what is signed. */
  introduce(next: ServerKey, notBefore: Date, change: Partial<Introduction> = {}): Introduction {
    const i = { keyId: this.keyId, nextKeyId: next.keyId, nextKey: next.publicKey, notBefore: notBefore.toISOString(), ...change };
    return { ...i, signature: this.sign(SIGNED.successor, successorText(i)) };
  }
}

/** The server's side of SPEC.md in a few lines on real sockets, with switches for everything that can go wrong. */
export class LinkServer {
  readonly hosts = new Map<string, KnownHost>();
  /** Messages that had an effect, in order of commit. */
  readonly committed: AgentMessage[] = [];
  /** Messages that came in, doubles included. */
  readonly received: AgentMessage[] = [];
  readonly peers: Peer[] = [];
  readonly upgrades: IncomingHttpHeaders[] = [];
  readonly hellos: z.infer<typeof AgentHello>[] = [];
  /** `commit`: commit and acknowledge; `keep`: commit, but the acknowledgement is lost; `ignore`: neither. */
  mode: 'commit' | 'keep' | 'ignore' = 'commit';
  /** What is done with the challenge before it is sent. */
  twist: (challenge: Record<string, unknown>) => Record<string, unknown> | null = (c) => c;
  /** The close code sent instead of a challenge. */
  turnAway: readonly [number, string] | null = null;
  /** Added to the server's clock, ms. */
  skewMs = 0;
  /** What `server.welcome` says instead of the truth. */
  lieAboutAcked: number | null = null;
  pings = true;
  /** Answers to enrolments, instead of the right one. */
  enrolAnswer: ((req: EnrolRequest) => { status: number; body: unknown }) | null = null;
  /** Its order keys, oldest first: the last is the one used now. */
  readonly keys: ServerKey[] = [new ServerKey()];
  readonly introductions: Introduction[] = [];
  readonly token: string;
  readonly #http: Server;
  readonly #wss = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  #waiters: { test: () => boolean; resolve: () => void }[] = [];

  private constructor() {
    this.token = `lse1.${randomBytes(24).toString('base64url')}.${this.key.fingerprint}`;
    this.#http = createServer((req, res) => {
      void this.#enrol(req).then(({ status, body }) => {
        res.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body));
      });
    });
    this.#http.on('upgrade', (req, socket, head) => {
      if (req.url !== AGENT_PATH) return socket.destroy();
      this.upgrades.push(req.headers);
      this.#wss.handleUpgrade(req, socket, head, (ws) => void this.#greet(ws));
    });
  }

  static async listen(): Promise<LinkServer> {
    const server = new LinkServer();
    server.#http.listen(0, '127.0.0.1');
    await once(server.#http, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get peer(): Peer {
    const peer = this.peers.at(-1);
    if (!peer) throw new Error('no agent is connected');
    return peer;
  }

  get key(): ServerKey {
    const key = this.keys.at(-1);
    if (!key) throw new Error('no order key');
    return key;
  }

  get publicKey(): string {
    return this.key.publicKey;
  }

  get keyId(): string {
    return this.key.keyId;
  }

  /** Goes over to a new order key, introduced by the one before; tells nobody by itself. */
  rotate(): ServerKey {
    const next = new ServerKey();
    this.introductions.push(this.key.introduce(next, new Date(this.now() + this.keys.length)));
    this.keys.push(next);
    return next;
  }

  /** The chain from a key to the one used now. */
  chainFrom(key: ServerKey): Introduction[] {
    return this.introductions.slice(this.keys.indexOf(key));
  }

  now(): number {
    return Date.now() + this.skewMs;
  }

  async close(): Promise<void> {
    for (const ws of this.#wss.clients) ws.terminate();
    this.#wss.close();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  /** Cuts every socket without a word. */
  cut(): void {
    for (const ws of this.#wss.clients) ws.terminate();
  }

  /** Waits until something holds; it is looked at after every event of this server. */
  async until(test: () => boolean, what: string, ms = 10_000): Promise<void> {
    const end = Date.now() + ms;
    while (!test()) {
      if (Date.now() > end) throw new Error(`waited ${ms} ms in vain until ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 20);
        this.#waiters.push({ test, resolve: () => (clearTimeout(timer), resolve()) });
      });
    }
  }

  /** Signs an order for the newest connection; `change` bends it before it is signed. */
  order(change: Record<string, unknown> = {}, peer: Peer = this.peer): { order: Order; envelope: ServerOrder } {
    const order = {
      version: 1,
      keyId: peer.key.keyId,
      hostId: peer.hostId,
      epoch: peer.epoch,
      connection: peer.nonce,
      runId: crypto.randomUUID(),
      fix: 'F11',
      udid: '00008110-001A2B3C4D5E801E',
      issuedAt: new Date(this.now()).toISOString(),
      expiresAt: new Date(this.now() + 60_000).toISOString(),
      ...change,
    };
    const bytes = Buffer.from(JSON.stringify(order));
    return {
      order: order as Order,
      envelope: { type: 'order', keyId: peer.key.keyId, order: bytes.toString('base64url'), signature: peer.key.sign(SIGNED.order, bytes) },
    };
  }

  send(message: unknown, peer: Peer = this.peer): void {
    peer.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  #stir(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const w of waiters) w.resolve();
  }

  async #enrol(req: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    if (req.method !== 'POST' || req.url !== ENROL_PATH) return { status: 404, body: {} };
    const parsed = EnrolRequest.safeParse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    if (!parsed.success) return problem(400, 'bad-request', parsed.error.issues[0]?.path.join('.') ?? '');
    if (this.enrolAnswer) return this.enrolAnswer(parsed.data);
    const { token, publicKey, signature } = parsed.data;
    if (token !== this.token) return problem(401, 'token-refused');
    if (!isSignedBy(publicKey, SIGNED.enrol, enrolText({ token, publicKey }), signature)) return problem(401, 'bad-signature');
    const known = [...this.hosts].find(([, h]) => h.publicKey === publicKey);
    const hostId = known?.[0] ?? crypto.randomUUID();
    if (!known) this.hosts.set(hostId, { publicKey, revoked: false, epochs: new Map() });
    const key = this.keys.find((k) => k.fingerprint === token.split('.')[2]) ?? this.key;
    const successors = this.chainFrom(key);
    return {
      status: 201,
      body: { hostId, orderKeyId: key.keyId, orderKey: key.publicKey, ...(successors.length > 0 ? { successors } : {}) },
    };
  }

  async #greet(ws: WebSocket): Promise<void> {
    const frames: string[] = [];
    let wake: (() => void) | null = null;
    ws.on('message', (data) => {
      frames.push(String(data));
      wake?.();
    });
    ws.on('close', () => {
      const at = this.peers.findIndex((p) => p.ws === ws);
      if (at >= 0) this.peers.splice(at, 1);
      this.#stir();
      wake?.();
    });
    ws.on('error', () => undefined);
    const frame = async () => {
      while (frames.length === 0 && ws.readyState === ws.OPEN) await new Promise<void>((resolve) => (wake = resolve));
      return frames.shift() ?? null;
    };
    if (ws.protocol !== AGENT_SUBPROTOCOL) return ws.close(1002);
    const first = await frame();
    if (first === null) return;
    const hello = AgentHello.parse(JSON.parse(first));
    this.hellos.push(hello);
    this.#stir();
    if (this.turnAway) return ws.close(...this.turnAway);
    const key = this.keys.find((k) => k.keyId === hello.keyId) ?? this.key;
    const nonce = randomBytes(32).toString('base64url');
    const time = new Date(this.now()).toISOString();
    const text = handshakeText({ version: 1, hostId: hello.hostId, epoch: hello.epoch, agentNonce: hello.nonce, serverNonce: nonce, time });
    const challenge = this.twist({
      type: 'server.challenge',
      version: 1,
      nonce,
      keyId: key.keyId,
      time,
      signature: key.sign(SIGNED.server, text),
    });
    if (challenge === null) return;
    ws.send(JSON.stringify(challenge));
    const second = await frame();
    if (second === null) return;
    const proof = AgentProof.parse(JSON.parse(second));
    const host = this.hosts.get(hello.hostId);
    if (!host || !isSignedBy(host.publicKey, SIGNED.agent, text, proof.signature)) return ws.close(...CLOSE.notAuthenticated);
    if (host.revoked) return ws.close(...CLOSE.revoked);
    const peer: Peer = { ws, hostId: hello.hostId, epoch: hello.epoch, nonce: hello.nonce, key };
    ws.send(JSON.stringify({ type: 'server.welcome', time, acked: this.lieAboutAcked ?? host.epochs.get(hello.epoch) ?? 0 }));
    const introductions = this.chainFrom(key);
    if (introductions.length > 0) ws.send(JSON.stringify({ type: 'server.keys', introductions }));
    this.peers.push(peer);
    this.#stir();
    if (this.pings) ws.ping();
    for (;;) {
      const data = await frame();
      if (data === null) return;
      this.#take(data, peer, host);
      this.#stir();
    }
  }

  #take(data: string, peer: Peer, host: KnownHost): void {
    const message = AgentMessage.parse(JSON.parse(data));
    if (message.epoch !== peer.epoch) return peer.ws.close(...CLOSE.badMessage);
    this.received.push(message);
    if (this.mode === 'ignore') return;
    if (message.seq > (host.epochs.get(message.epoch) ?? 0)) {
      host.epochs.set(message.epoch, message.seq);
      this.committed.push(message);
    }
    if (this.mode === 'commit') peer.ws.send(JSON.stringify({ type: 'ack', epoch: message.epoch, seq: message.seq }));
  }
}

function problem(status: number, code: string, field?: string): { status: number; body: unknown } {
  const errors = field === undefined ? {} : { errors: [{ field, message: 'is wrong' }] };
  return { status, body: { type: 'about:blank', title: code, status, code, detail: `The server says ${code}.`, ...errors } };
}
