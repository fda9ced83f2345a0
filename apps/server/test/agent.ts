import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { AGENT_PATH, AGENT_SUBPROTOCOL, handshakeText, SIGNED } from '@lockstep/core/protocol';
import { WebSocket } from 'ws';

/** A host's key, as an agent keeps it. */
export class TestKey {
  readonly publicKey: string;
  readonly #key: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.#key = privateKey;
    this.publicKey = publicKey.export({ format: 'jwk' }).x ?? '';
  }

  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#key).toString('base64url');
  }
}

export const newEpoch = (): string => randomBytes(16).toString('hex');
export const newNonce = (): string => randomBytes(32).toString('base64url');

/** A frame from the server, as far as tests look into it. */
export interface Frame {
  type: string;
  epoch?: string;
  seq?: number;
  order?: string;
  signature?: string;
  keyId?: string;
  acked?: number;
  nonce?: string;
  time?: string;
  version?: number;
}

export interface AgentIdentity {
  hostId: string;
  key: TestKey;
  orderKeyId: string;
  /** What it says of itself. */
  hostname: string;
}

/** How a test bends the first exchange. */
export interface Bent {
  epoch?: string;
  nonce?: string;
  hello?: Record<string, unknown>;
  proof?: Record<string, unknown>;
}

/** The smallest agent that the server takes for one: an own first exchange, own numbering, everything it is sent kept in order. */
export class TestAgent {
  readonly frames: Frame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #waiting: (() => void)[] = [];
  #isClosed = false;
  seq = 0;

  private constructor(
    readonly ws: WebSocket,
    readonly epoch: string,
    readonly nonce: string,
  ) {
    ws.on('message', (data) => {
      this.frames.push(JSON.parse(data.toString()));
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      ws.on('close', (code, reason) => {
        this.#isClosed = true;
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
    ws.on('error', () => undefined);
  }

  /** Opens a socket, without the first exchange. */
  static async open(url: string, epoch = newEpoch(), nonce = newNonce()): Promise<TestAgent> {
    const ws = new WebSocket(new URL(AGENT_PATH, url.replace(/^http/, 'ws')), [AGENT_SUBPROTOCOL], { perMessageDeflate: false });
    const agent = new TestAgent(ws, epoch, nonce);
    await new Promise<void>((resolve, reject) => {
      ws.once('open', () => resolve());
      ws.once('error', reject);
    });
    return agent;
  }

  /** Connects and goes through the first exchange. Throws when the server closes instead. */
  static async connect(url: string, id: AgentIdentity, bent: Bent = {}): Promise<TestAgent> {
    const agent = await TestAgent.open(url, bent.epoch, bent.nonce);
    const challenge = await agent.hello(id, bent.hello);
    await agent.proof(id, challenge, bent.proof);
    return agent;
  }

  async hello(id: AgentIdentity, bent: Record<string, unknown> = {}): Promise<Frame> {
    this.send({ type: 'agent.hello', version: 1, hostId: id.hostId, epoch: this.epoch, nonce: this.nonce, keyId: id.orderKeyId, ...bent });
    return this.next('server.challenge');
  }

  async proof(id: AgentIdentity, challenge: Frame, bent: Record<string, unknown> = {}): Promise<Frame> {
    const text = this.textOf(id, challenge);
    const host = { hostname: id.hostname, os: 'linux', osVersion: 'Debian 12', arch: 'x64', agent: '0.1.0' };
    this.send({ type: 'agent.proof', signature: id.key.sign(SIGNED.agent + text), host, ...bent });
    const welcome = await this.next('server.welcome');
    this.seq = welcome.acked ?? 0;
    return welcome;
  }

  /** The text both sides sign. */
  textOf(id: AgentIdentity, challenge: Frame): string {
    return handshakeText({
      version: 1,
      hostId: id.hostId,
      epoch: this.epoch,
      agentNonce: this.nonce,
      serverNonce: challenge.nonce ?? '',
      time: challenge.time ?? '',
    });
  }

  send(message: unknown): void {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Sends a numbered message; returns its number. */
  tell(body: Record<string, unknown>, at = new Date()): number {
    const seq = ++this.seq;
    this.send({ epoch: this.epoch, seq, at: at.toISOString(), ...body });
    return seq;
  }

  /** Resolves once everything up to `seq` is acknowledged. Throws when the connection ends first. */
  async acked(seq: number, timeoutMs = 10_000): Promise<void> {
    await this.until(
      () => this.frames.some((f) => f.type === 'ack' && f.epoch === this.epoch && (f.seq ?? 0) >= seq),
      `an ack of ${seq}`,
      timeoutMs,
    );
  }

  /** Takes the next frame of this type out of what came. */
  async next(type: string, timeoutMs = 10_000): Promise<Frame> {
    await this.until(() => this.frames.some((f) => f.type === type), type, timeoutMs);
    const [frame] = this.frames.splice(
      this.frames.findIndex((f) => f.type === type),
      1,
    );
    if (!frame) throw new Error('unreachable');
    return frame;
  }

  async until(isSo: () => boolean, what: string, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!isSo()) {
      if (this.#isClosed) {
        const { code, reason } = await this.closed;
        throw new Error(`closed with ${code} ${reason} instead of ${what}`);
      }
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no ${what} within ${timeoutMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async close(): Promise<void> {
    this.ws.close(1000);
    await this.closed;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
