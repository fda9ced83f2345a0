import { CLOSE, LIMITS, type ServerMessage } from '@lockstep/core/protocol';
import { type RawData, WebSocket } from 'ws';
import type { Clock, Log } from '../platform/index.js';
import { Bucket } from './bucket.js';
import type { ConnectedHost } from './connections.js';
import { type Frame, readFrame } from './frame.js';
import type { CloseWith, Handshake, Proven } from './handshake.js';
import type { Opened } from './host-links.js';

export interface AgentSocketOptions {
  handshakeMs: number;
  pingMs: number;
}

/** What the socket asks of the room. */
export interface AgentSocketHooks {
  /** Lets a proven host in and answers what is committed. Throws when that cannot be done now. */
  admit(proven: Proven, socket: AgentSocket): Promise<Opened>;
  /** The welcome is sent: the host counts as connected. */
  admitted(socket: AgentSocket): void;
  /** A numbered frame of the admitted host. False: take no more for now. */
  take(socket: AgentSocket, frame: Frame, raw: Buffer): boolean;
  heard(hostId: string): void;
  /** @param answered the code that this side closed with, when the other side answered it: it was alive */
  closed(socket: AgentSocket, answered: number | null): void;
}

/** A closed socket whose other side does not answer is cut after this, ms. */
const CLOSE_GRACE_MS = 2_000;

/** One agent's socket: the first exchange with its deadline, then frames in order, pings, and a stop when it sends too fast or too much. */
export class AgentSocket implements ConnectedHost {
  /** Dropped once it is over: it would be a tenth of what an idle connection takes. */
  #handshake: Handshake | null;
  #proven: Omit<Proven, 'label'> | null = null;
  #isAdmitted = false;
  #signOn = 0;
  #isClosing = false;
  #closedWith: number | null = null;
  #isPaused = false;
  #isHeld = false;
  #heardAt: number;
  readonly #bucket: Bucket;
  /** Numbers that were taken and are not acknowledged yet. */
  #unacknowledged: number[] = [];
  #deadline: NodeJS.Timeout | null;
  #pinger: NodeJS.Timeout | null = null;

  constructor(
    private readonly ws: WebSocket,
    handshake: Handshake,
    private readonly hooks: AgentSocketHooks,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly options: AgentSocketOptions,
  ) {
    this.#handshake = handshake;
    this.#heardAt = performance.now();
    this.#bucket = new Bucket(LIMITS.burst, LIMITS.perSecond, performance.now());
    this.#deadline = setTimeout(() => this.close(CLOSE.handshakeTimeout), options.handshakeMs);
    ws.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    ws.on('pong', () => this.#hear());
    // `close` follows and says all there is to say.
    ws.on('error', (error) => this.log.debug('agent socket error', { error }));
    ws.on('close', (code) => this.#onClose(code));
  }

  get hostId(): string {
    return this.#proven?.hostId ?? '';
  }
  get epoch(): string {
    return this.#proven?.epoch ?? '';
  }
  get nonce(): string {
    return this.#proven?.nonce ?? '';
  }
  get keyId(): string {
    return this.#proven?.keyId ?? '';
  }
  /** 0 before it is known. */
  get signOn(): number {
    return this.#signOn;
  }

  send(message: ServerMessage): boolean {
    if (this.ws.readyState !== WebSocket.OPEN || this.#isClosing) return false;
    this.ws.send(JSON.stringify(message), () => undefined);
    return true;
  }

  /** Counts a number that has to be acknowledged; false when too many are. */
  counts(seq: number): boolean {
    return this.#unacknowledged.push(seq) <= LIMITS.inFlight;
  }

  /** Tells the host that everything up to `seq` is committed. */
  acknowledge(seq: number): void {
    this.#unacknowledged = this.#unacknowledged.filter((n) => n > seq);
    if (this.#isAdmitted) this.send({ type: 'ack', epoch: this.epoch, seq });
  }

  /** Closes with a code of the protocol; nothing is read any more. */
  close(code: CloseWith): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#closedWith = code[0];
    // Paused it would not see the other side's answer.
    if (this.#isPaused) this.ws.resume();
    this.#isPaused = false;
    this.ws.close(...code);
    const cut = setTimeout(() => this.ws.terminate(), CLOSE_GRACE_MS);
    cut.unref();
    this.ws.once('close', () => clearTimeout(cut));
  }

  /** Reads no further for good: the server stops, and what came is committed and acknowledged before the socket is closed. */
  hold(): void {
    this.#isHeld = true;
    this.pause();
  }

  /** Reads no further: what the host sends waits in the network, and the host waits for its acknowledgements. */
  pause(): void {
    if (this.#isPaused || this.#isClosing) return;
    this.#isPaused = true;
    this.ws.pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#isHeld) return;
    this.#isPaused = false;
    // A socket that was not read could not show that it lives.
    this.#heardAt = performance.now();
    this.ws.resume();
  }

  #hear(): void {
    this.#heardAt = performance.now();
    if (this.#isAdmitted) this.hooks.heard(this.hostId);
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#isClosing || this.#isHeld) return;
    const raw = Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
    if (raw.length > LIMITS.frameBytes) return this.#refuse(CLOSE.tooLarge, `a frame of ${raw.length} bytes`);
    if (!this.#bucket.take(performance.now())) return this.#refuse(CLOSE.tooFast, 'sends too fast');
    this.#hear();
    if (!this.#isAdmitted) {
      if (isBinary) return this.#refuse(CLOSE.notAuthenticated, 'a binary frame in the first exchange');
      // Frames that come while one is worked on are refused by the exchange itself.
      void this.#step(raw.toString('utf8'));
      return;
    }
    const frame: Frame = isBinary
      ? { kind: 'bad', envelope: null, field: '(frame)', reason: 'is binary' }
      : readFrame(raw.toString('utf8'));
    if (!this.hooks.take(this, frame, raw)) this.pause();
  }

  async #step(text: string): Promise<void> {
    try {
      if (this.#proven || !this.#handshake) return this.#refuse(CLOSE.notAuthenticated, 'spoke before it was welcomed');
      const step = await this.#handshake.take(text);
      if (this.#isClosing) return;
      if (step.do === 'close') return this.#refuse(step.with, step.note);
      if (step.do === 'send') return this.ws.send(step.text, () => undefined);
      const { label: _, ...proven } = step.proven;
      this.#proven = proven;
      this.#handshake = null;
      const { acked, signOn } = await this.hooks.admit(step.proven, this);
      this.#signOn = signOn;
      if (this.#isClosing || this.ws.readyState !== WebSocket.OPEN) return;
      this.#noDeadline();
      this.#isAdmitted = true;
      this.ws.send(JSON.stringify({ type: 'server.welcome', time: this.clock.iso(), acked }), () => undefined);
      this.#pinger = setInterval(() => this.#ping(), this.options.pingMs);
      this.#hear();
      this.hooks.admitted(this);
    } catch (error) {
      this.log.warn('an agent could not be let in', { hostId: this.hostId, error });
      this.close(CLOSE.serverClosing);
    }
  }

  #noDeadline(): void {
    if (this.#deadline) clearTimeout(this.#deadline);
    this.#deadline = null;
  }

  #ping(): void {
    if (this.#isPaused) return;
    if (performance.now() - this.#heardAt > 2 * this.options.pingMs) {
      this.log.info('an agent went silent', { hostId: this.hostId });
      this.#isClosing = true;
      this.ws.terminate();
    } else this.ws.ping(undefined, undefined, () => undefined);
  }

  #refuse(code: CloseWith, note: string): void {
    if (this.#isClosing) return;
    this.log.info('an agent was refused', { hostId: this.hostId, code: code[0], word: code[1], note });
    this.close(code);
  }

  #onClose(code: number): void {
    this.#isClosing = true;
    this.#noDeadline();
    if (this.#pinger) clearInterval(this.#pinger);
    if (this.#isAdmitted) this.log.debug('an agent went', { hostId: this.hostId, code });
    // A peer that answers a close repeats its code (RFC 6455, 5.5.1); one that is gone leaves 1006.
    this.hooks.closed(this, code === this.#closedWith ? code : null);
  }
}
