import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { LockdownFrames, PlistError, parsePlistDict } from '@lockstep/agent/device';
import type { SimulatedPhone } from './phone.js';
import { sendReply } from './replies.js';
import { answer, type LockdownSession, type Outcome } from './requests.js';
import { RecordCarrier, serveTls } from './tls.js';
import type { Via } from './trust.js';
import { encodeMessage } from './wire.js';

/** lockdownd's port on every phone. */
export const LOCKDOWN_PORT = 62_078;

/** A request is a few kilobytes, a pair record with its certificates some ten. */
const REQUEST_LIMIT = 1024 * 1024;

/** One connection to lockdownd: clear text, a TLS session from StartSession to StopSession, clear text again. */
export class LockdownConversation {
  private frames = new LockdownFrames(REQUEST_LIMIT);
  private carrier: RecordCarrier | null = null;
  private tls: TLSSocket | null = null;
  private session: LockdownSession | null = null;
  /** Requests are answered in order, one at a time. */
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly phone: SimulatedPhone,
    private readonly raw: Duplex,
    private readonly via: Via,
  ) {
    raw.on('data', (chunk: Buffer) => this.receive(chunk));
    raw.on('error', () => raw.destroy());
    raw.on('close', () => this.tls?.destroy());
    raw.on('end', () => raw.end());
  }

  private receive(chunk: Buffer): void {
    if (this.carrier === null) return this.readFrames(chunk);
    if (this.phone.faults.has('tls-cut') || this.phone.faults.has('certificates-ended')) return this.cut();
    const clear = this.carrier.feed(chunk);
    if (clear === null) return;
    // Clear text inside a session is an attack or a bug; after StopSession it is the next request.
    if (this.session !== null) return this.cut();
    this.carrier = null;
    this.tls = null;
    this.readFrames(clear);
  }

  private readFrames(chunk: Buffer): void {
    try {
      for (const body of this.frames.push(chunk))
        this.turn = this.turn.then(() => this.handle(body)).catch((error: unknown) => this.fail(error));
    } catch {
      this.cut();
    }
  }

  private async handle(body: Buffer): Promise<void> {
    if (this.raw.destroyed) return;
    let outcome: Outcome | null = null;
    try {
      outcome = await answer(this.phone, parsePlistDict(body), this.session, this.via);
    } catch (error) {
      if (!(error instanceof PlistError)) throw error;
    }
    if (outcome === null) return this.cut();
    this.reply(outcome);
  }

  private reply({ reply, then }: Outcome): void {
    // The session begins or ends with the bytes after this answer, so that a client that is fast is still understood.
    const out = this.tls ?? this.raw;
    sendReply(out, encodeMessage(reply), this.phone.faults, this.phone.noise, () => this.cut());
    if (then?.do === 'encrypt') this.encrypt(then.session);
    if (then?.do === 'decrypt') this.decrypt();
    if (then?.do === 'close') out.end();
  }

  private encrypt(session: LockdownSession): void {
    this.session = session;
    const carrier = new RecordCarrier((bytes) => {
      if (!this.raw.destroyed) this.raw.write(bytes);
    });
    const tls = serveTls(carrier, session.tls, session.pairing);
    tls.on('data', (chunk: Buffer) => this.readFrames(chunk));
    tls.on('error', () => this.cut());
    // A TLS that ends while its session lasts ends the connection; one that ends after StopSession gives it back.
    tls.on('close', () => {
      if (this.session === session) this.raw.end();
    });
    this.frames = new LockdownFrames(REQUEST_LIMIT);
    this.carrier = carrier;
    this.tls = tls;
  }

  private decrypt(): void {
    this.session = null;
    this.frames = new LockdownFrames(REQUEST_LIMIT);
    this.tls?.end();
  }

  /** A fault of the lab's own: told, and the connection ends; the lab goes on. */
  private fail(error: unknown): void {
    process.emitWarning(error instanceof Error ? error : String(error));
    this.cut();
  }

  private cut(): void {
    this.raw.destroy();
  }
}
