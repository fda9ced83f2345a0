import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type FactRead, type Hello, type HostLabel, holds, keyIdOf, keyOf, type ProtocolKey } from '../spec-agent.mjs';

interface Named {
  name: string;
}
interface Envelope {
  type: 'order';
  keyId: string;
  order: string;
  signature: string;
}
/** The worked values beside SPEC.md, as far as the tests of an agent look into them. */
interface Vectors {
  keys: Record<'agent' | 'order' | 'foreign', { seed: string; publicKey: string; keyId: string; fingerprint: string }>;
  enrolment: {
    text: string;
    request: { token: string; host: HostLabel };
    answer: { hostId: string; orderKeyId: string; orderKey: string };
    badSignatures: (Named & { signature: string })[];
    badAnswers: (Named & { answer: { hostId: string; orderKeyId: string; orderKey: string } })[];
  };
  handshake: {
    text: string;
    hello: Hello;
    challenge: { signature: string };
    proof: { signature: string };
    badChallenges: (Named & { challenge: object })[];
    badProofs: (Named & { signature: string })[];
  };
  orders: {
    context: { hostId: string; epoch: string; connection: string; now: string; knownRuns: string[] };
    good: (Named & { json: string; envelope: Envelope })[];
    bad: (Named & { reason: string; runId: string | null; envelope: Envelope })[];
  };
  server: { valid: (Named & { message: object })[]; invalid: (Named & { message: object })[] };
}
export const vectors: Vectors = JSON.parse(readFileSync(new URL('../../packages/core/src/protocol/vectors.json', import.meta.url), 'utf8'));

export const HOST: HostLabel = { hostname: 'lnx-0417', os: 'linux', osVersion: 'Debian 12', arch: 'x64', agent: 'spec-1' };
export const UDID = '00008110-001A2B3C4D5E801E';

/** What a computer with one phone reads: the phone knows its pair record (`accepted`) or has forgotten it (`refused`). */
export function phone(trust: 'accepted' | 'refused'): FactRead[] {
  const usb = {
    mode: 'normal',
    vendorId: 1452,
    productId: 4776,
    speedMbps: 480,
    location: '1-2',
    hubDepth: 0,
    address: 7,
    muxInterface: true,
    modelHint: null,
  };
  const host = (kind: string, reading: object): FactRead => ({ kind, subject: 'host', state: 'seen', reading });
  const device = (kind: string, reading: object): FactRead => ({ kind, subject: { udid: UDID }, state: 'seen', reading });
  const isKnown = trust === 'accepted';
  return [
    host('agent-self', { ...HOST, privileged: true, lab: false, uptimeS: 9_000, outbox: { waiting: 0, dropped: 0 } }),
    host('usb-bus', { devices: [{ ...usb, udid: UDID, ecid: null }] }),
    host('mux-daemon', { state: 'running', pid: 812, restarts: 0, socket: 'answering', latencyMs: 1.2 }),
    host('mux-list', { devices: [{ udid: UDID, connection: 'usb' }], unreadable: 0 }),
    device('usb-device', usb),
    device('mux-device', { connection: 'usb', alsoNetwork: false, locationId: 65543 }),
    device('lockdown', { type: 'com.apple.mobile.lockdown', latencyMs: 4.1 }),
    device('pair-record', { keys: ['DeviceCertificate', 'HostID', 'SystemBUID'], bytes: 8_123, sameBuid: true, complete: true }),
    device(
      'trust-session',
      isKnown ? { outcome: 'accepted', error: null, code: null } : { outcome: 'refused', error: 'InvalidHostID', code: -21 },
    ),
    device('device-values', {
      name: 'Mia’s iPhone',
      productType: 'iPhone14,5',
      productVersion: '26.1',
      buildVersion: '23B85',
      deviceClass: 'iPhone',
    }),
    device('passcode-lock', { locked: false }),
    isKnown
      ? device('service-start', { service: 'com.apple.mobile.notification_proxy', outcome: 'started', error: null, code: null })
      : { kind: 'service-start', subject: { udid: UDID }, state: 'absent' },
  ];
}

/** Polls until `look` answers something. */
export async function until<T>(look: () => T | Promise<T>, what: string, withinMs = 15_000): Promise<NonNullable<T>> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no ${what} within ${withinMs / 1_000} s`);
}

interface Message {
  type: string;
  epoch: string;
  seq: number;
  at: string;
  facts?: unknown[];
  [field: string]: unknown;
}
interface Connection {
  ws: WebSocket;
  hello: Hello;
  proof?: object;
  messages: Message[];
  closeCode?: number;
}

/** The server's side of the page, just enough to be talked to, and to misbehave when a test says so. Acknowledges nothing by itself. */
export class PageServer {
  readonly orderKey: ProtocolKey = keyOf(vectors.keys.order.seed);
  readonly hostId = randomUUID();
  readonly token =
    `lse1.${randomBytes(24).toString('base64url')}.${createHash('sha256').update(Buffer.from(this.orderKey.publicKey, 'base64url')).digest('base64url')}`;
  readonly connections: Connection[] = [];
  /** What the next welcome says was committed. */
  acked = 0;
  /** The key that signs challenges. */
  signWith = this.orderKey;
  #agentKey = '';
  readonly #http: Server;
  readonly #sockets: WebSocketServer;

  private constructor() {
    this.#http = createServer((request, response) => this.#enrol(request, response));
    this.#sockets = new WebSocketServer({ server: this.#http, path: '/agent/v1', perMessageDeflate: false });
    this.#sockets.on('connection', (ws) => this.#accept(ws));
  }

  static async start(): Promise<PageServer> {
    const server = new PageServer();
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get last(): Connection {
    const last = this.connections.at(-1);
    if (!last) throw new Error('nobody connected yet');
    return last;
  }

  /** The message of this type with this index on the newest connection. */
  message(type: string, index = 0): Promise<Message> {
    return until(() => this.connections.at(-1)?.messages.filter((m) => m.type === type)[index], type);
  }

  ack(seq: number): void {
    this.last.ws.send(JSON.stringify({ type: 'ack', epoch: this.last.hello.epoch, seq }));
  }

  /** Sends an order for F12 on the phone, or another; answers its run id. */
  order(change: { fix?: string; udid?: string | null; runId?: string; signature?: string } = {}): string {
    const { signature, ...fields } = change;
    const { epoch, nonce } = this.last.hello;
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const keyId = keyIdOf(this.orderKey.publicKey);
    const runId = change.runId ?? randomUUID();
    const order = {
      version: 1,
      keyId,
      hostId: this.hostId,
      epoch,
      connection: nonce,
      fix: 'F12',
      udid: UDID,
      issuedAt: at(0),
      expiresAt: at(60_000),
      ...fields,
      runId,
    };
    const bytes = Buffer.from(JSON.stringify(order));
    this.last.ws.send(
      JSON.stringify({
        type: 'order',
        keyId,
        order: bytes.toString('base64url'),
        signature: signature ?? this.orderKey.sign('order', bytes),
      }),
    );
    return runId;
  }

  /** Ends the newest connection as a broken network would. */
  drop(): void {
    this.last.ws.terminate();
  }

  async stop(): Promise<void> {
    for (const ws of this.#sockets.clients) ws.terminate();
    this.#sockets.close();
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
  }

  async #enrol(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { publicKey, token, signature } = JSON.parse(body);
    const holdsKey = request.url === '/agent/v1/enrol' && holds(publicKey, 'enrol', `${token}\n${publicKey}\n`, signature);
    if (holdsKey) this.#agentKey = publicKey;
    response.writeHead(holdsKey ? 201 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ hostId: this.hostId, orderKeyId: keyIdOf(this.orderKey.publicKey), orderKey: this.orderKey.publicKey }));
  }

  #accept(ws: WebSocket): void {
    let connection: Connection | undefined;
    let text = '';
    ws.on('message', (data) => {
      const frame = JSON.parse(data.toString());
      if (!connection) {
        connection = { ws, hello: frame, messages: [] };
        this.connections.push(connection);
        const [nonce, time] = [randomBytes(32).toString('base64url'), new Date().toISOString()];
        text = [frame.version, frame.hostId, frame.epoch, frame.nonce, nonce, time].map((line) => `${line}\n`).join('');
        const keyId = keyIdOf(this.orderKey.publicKey);
        ws.send(
          JSON.stringify({ type: 'server.challenge', version: 1, nonce, keyId, time, signature: this.signWith.sign('server', text) }),
        );
      } else if (!connection.proof) {
        connection.proof = frame;
        if (frame.type !== 'agent.proof' || !holds(this.#agentKey, 'agent', text, frame.signature))
          return ws.close(4401, 'not-authenticated');
        ws.send(JSON.stringify({ type: 'server.welcome', time: new Date().toISOString(), acked: this.acked }));
      } else connection.messages.push(frame);
    });
    ws.on('close', (code) => {
      if (connection) connection.closeCode = code;
    });
  }
}
