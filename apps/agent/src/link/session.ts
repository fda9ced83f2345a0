import {
  AGENT_SUBPROTOCOL,
  AgentHello,
  AgentProof,
  CLOSE,
  type HostLabel,
  handshakeText,
  LIMITS,
  PROTOCOL_VERSION,
  ServerChallenge,
  ServerWelcome,
  SIGNED,
} from '@lockstep/core/protocol';
import { type RawData, WebSocket } from 'ws';
import type { z } from 'zod';
import type { Identity, OrderKeyPin } from './identity.js';
import { isSignedBy, newNonce } from './keys.js';
import { errnoOf } from './link-error.js';
import { type LocalClocks, ServerClock } from './server-clock.js';

/** Why a connection is over, or never came to be. */
export type Ended =
  /** The server closed it with a code of the protocol or of WebSocket. */
  | { why: 'closed'; code: number; reason: string }
  /** No socket: refused, no route, no name, a certificate that is not trusted, an HTTP answer instead of an upgrade. */
  | { why: 'unreachable'; detail: string }
  /** The first exchange did not end in time. */
  | { why: 'handshake-timeout' }
  /** Whoever answers does not hold the server's key that was pinned at enrolment. */
  | { why: 'not-our-server'; detail: string }
  /** The server said something that the protocol does not know in this place. */
  | { why: 'bad-server'; detail: string }
  /** Nothing was heard, not even a ping. */
  | { why: 'silent' }
  /** The computer slept or its clock was set: server time has to be asked anew. */
  | { why: 'clock-jumped' }
  /** This side hung up: it stops, or begins a new epoch. */
  | { why: 'left'; detail: string };

export interface SessionOptions {
  url: URL;
  hostId: string;
  epoch: string;
  identity: Identity;
  pins: readonly OrderKeyPin[];
  host: HostLabel;
  clocks: LocalClocks;
  handshakeMs: number;
  pingMs: number;
}

/** A socket is given up after this many ping intervals without a sign of life: one ping lost and the next one late. */
const SILENT_PINGS = 2.5;

/** One connection after its first exchange: both sides have proven their keys. */
export class Session {
  /** The server's key that proved itself; empty before it did. */
  signer = '';
  /** Settles, never rejects, when the connection is over. */
  readonly ended: Promise<Ended>;
  #end: (ended: Ended) => void = () => undefined;
  #isOver = false;
  #onMessage: ((data: string) => void) | null = null;
  #early: string[] = [];
  #lastHeard: number;
  #watch: NodeJS.Timeout | null = null;

  private constructor(
    private readonly ws: WebSocket,
    private readonly clocks: LocalClocks,
    /** Our nonce: orders are bound to it. */
    readonly nonce: string,
  ) {
    this.#lastHeard = clocks.monotonic();
    this.ended = new Promise((resolve) => {
      this.#end = (ended) => {
        if (this.#isOver) return;
        this.#isOver = true;
        if (this.#watch) clearInterval(this.#watch);
        resolve(ended);
      };
    });
    ws.on('message', (data, isBinary) => this.#heard(data, isBinary));
    ws.on('ping', () => {
      this.#lastHeard = clocks.monotonic();
    });
    ws.on('error', (error) =>
      this.#end({ why: 'unreachable', detail: errnoOf(error) === 'unknown' ? error.message.slice(0, 200) : errnoOf(error) }),
    );
    ws.on('close', (code, reason) => this.#end({ why: 'closed', code, reason: reason.toString('utf8').slice(0, 123) }));
  }

  /** Connects and goes through the first exchange. Returns why not, when not; never rejects. Abort hangs up. */
  static async open(o: SessionOptions, abort: AbortSignal): Promise<{ session: Session; clock: ServerClock; acked: number } | Ended> {
    const ws = new WebSocket(o.url, [AGENT_SUBPROTOCOL], {
      // A compressed connection costs the server 228 KB, a plain one 12 KB.
      perMessageDeflate: false,
      maxPayload: LIMITS.frameBytes,
      followRedirects: false,
      handshakeTimeout: o.handshakeMs,
      // Stated, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
      rejectUnauthorized: true,
    });
    const session = new Session(ws, o.clocks, newNonce());
    const deadline = setTimeout(() => session.#hangUp({ why: 'handshake-timeout' }), o.handshakeMs);
    const leave = () => session.close('stopped');
    abort.addEventListener('abort', leave, { once: true });
    try {
      const result = await Promise.race([session.#exchange(o), session.ended]);
      if (!('session' in result)) session.#hangUp(result);
      else {
        session.#watchOver(result.clock, o.pingMs);
        void session.ended.then(() => abort.removeEventListener('abort', leave));
      }
      return result;
    } finally {
      clearTimeout(deadline);
      if (session.#isOver) abort.removeEventListener('abort', leave);
    }
  }

  /** Takes every frame from now on, those that came early first. */
  listen(onMessage: (data: string) => void): void {
    this.#onMessage = onMessage;
    for (const data of this.#early.splice(0)) onMessage(data);
  }

  /** Sends one frame; silently nothing when the connection is over (the outbox still has it). */
  send(text: string): void {
    if (this.ws.readyState === WebSocket.OPEN) this.ws.send(text, () => undefined);
  }

  /** Bytes handed over and not yet taken by the system. */
  get buffered(): number {
    return this.ws.bufferedAmount;
  }

  /** Hangs up politely. */
  close(detail: string): void {
    this.#end({ why: 'left', detail });
    this.ws.close(1000);
    // A server that does not answer the close is not waited for.
    const timer = setTimeout(() => this.ws.terminate(), 1_000).unref();
    this.ws.once('close', () => clearTimeout(timer));
    if (this.ws.readyState === WebSocket.CONNECTING) this.ws.terminate();
  }

  /** Gives the connection up because the other side broke the protocol. */
  refuse(detail: string): void {
    this.#hangUp({ why: 'bad-server', detail });
  }

  #hangUp(ended: Ended): void {
    this.#end(ended);
    if (ended.why === 'bad-server' && this.ws.readyState === WebSocket.OPEN) this.ws.close(...CLOSE.badMessage);
    else this.ws.terminate();
  }

  #heard(data: RawData, isBinary: boolean): void {
    this.#lastHeard = this.clocks.monotonic();
    if (this.#isOver) return;
    if (isBinary) return this.refuse('a binary frame');
    const text = Buffer.isBuffer(data)
      ? data.toString('utf8')
      : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]).toString('utf8');
    if (this.#onMessage) this.#onMessage(text);
    // Between two steps of the first exchange at most one frame is on its way; orders and acks may follow the welcome at once.
    else if (this.#early.length < LIMITS.inFlight) this.#early.push(text);
    else this.refuse('frames before they were asked for');
  }

  /** hello → challenge → proof → welcome. */
  async #exchange(o: SessionOptions): Promise<{ session: Session; clock: ServerClock; acked: number } | Ended> {
    const opened = await new Promise<boolean>((resolve) => {
      this.ws.once('open', () => resolve(true));
      void this.ended.then(() => resolve(false));
    });
    if (!opened) return this.ended;
    if (this.ws.protocol !== AGENT_SUBPROTOCOL) return { why: 'bad-server', detail: 'it does not speak this sub-protocol' };
    const pin = o.pins[0];
    if (!pin) return { why: 'not-our-server', detail: 'no server key is pinned' };

    const helloAt = { wall: o.clocks.wall(), monotonic: o.clocks.monotonic() };
    this.send(
      JSON.stringify(
        AgentHello.parse({
          type: 'agent.hello',
          version: PROTOCOL_VERSION,
          hostId: o.hostId,
          epoch: o.epoch,
          nonce: this.nonce,
          keyId: pin.keyId,
        }),
      ),
    );
    const challenge = await this.#expect(ServerChallenge);
    if ('why' in challenge) return challenge;
    if (challenge.version !== PROTOCOL_VERSION) return { why: 'bad-server', detail: `it speaks version ${challenge.version}` };
    const signer = o.pins.find((p) => p.keyId === challenge.keyId);
    if (!signer) return { why: 'not-our-server', detail: `it signs with the key ${challenge.keyId}, which is not pinned here` };
    const text = handshakeText({
      version: PROTOCOL_VERSION,
      hostId: o.hostId,
      epoch: o.epoch,
      agentNonce: this.nonce,
      serverNonce: challenge.nonce,
      time: challenge.time,
    });
    if (!isSignedBy(signer.publicKey, SIGNED.server, text, challenge.signature)) {
      return { why: 'not-our-server', detail: 'its signature does not hold' };
    }
    this.signer = signer.keyId;
    this.send(JSON.stringify(AgentProof.parse({ type: 'agent.proof', signature: o.identity.sign(SIGNED.agent, text), host: o.host })));
    const welcome = await this.#expect(ServerWelcome);
    if ('why' in welcome) return welcome;
    return { session: this, clock: new ServerClock(o.clocks, helloAt, Date.parse(challenge.time)), acked: welcome.acked };
  }

  /** The next frame, which has to be this message. */
  async #expect<T extends object>(schema: z.ZodType<T>): Promise<T | Ended> {
    const data =
      this.#early.shift() ??
      (await new Promise<string | null>((resolve) => {
        this.#onMessage = (text) => {
          this.#onMessage = null;
          resolve(text);
        };
        void this.ended.then(() => resolve(null));
      }));
    if (data === null) return this.ended;
    let json: unknown;
    try {
      json = JSON.parse(data);
    } catch {
      return { why: 'bad-server', detail: 'a frame that is not JSON in the first exchange' };
    }
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    return { why: 'bad-server', detail: `first exchange: ${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'not as expected'}` };
  }

  /** Gives up a connection that went quiet, or whose time can no longer be trusted. */
  #watchOver(clock: ServerClock, pingMs: number): void {
    this.#watch = setInterval(() => {
      if (this.clocks.monotonic() - this.#lastHeard > SILENT_PINGS * pingMs) this.#hangUp({ why: 'silent' });
      else if (clock.jumped()) this.#hangUp({ why: 'clock-jumped' });
    }, pingMs / 5);
    if (this.#isOver) clearInterval(this.#watch);
  }
}
