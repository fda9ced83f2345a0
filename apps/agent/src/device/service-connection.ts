import type { Duplex } from 'node:stream';
import type { PlistDict } from '../machine/index.js';
import { parsePlistDict } from '../machine/index.js';
import { Conversation, type Patience } from './conversation.js';
import { DeviceError } from './errors.js';
import type { LockdownClient } from './lockdown-client.js';
import { encodeLockdownPlist, LockdownFrames } from './lockdown-frames.js';
import type { MuxClient } from './mux-client.js';
import type { PairRecord } from './pair-record.js';
import { type CertificateVerdict, secureStream } from './tls.js';

/** How a service of a phone is reached. */
export interface ServiceRoute {
  mux: Pick<MuxClient, 'connect'>;
  /** The phone's number in the multiplexer's list, as for `lockdown`. */
  deviceId: number;
  /** The conversation with the phone's lockdownd; in a session, unless the service takes strangers. */
  lockdown: LockdownClient;
  /** The record of that session; null outside a session. */
  record: PairRecord | null;
}

export interface OpenServiceOptions {
  signal?: AbortSignal | undefined;
  /** Sends the escrow key along. */
  escrow?: boolean;
  /** An answer of the service may take this long, ms; 10 s when left out. */
  replyMs?: number | undefined;
  /** The TLS handshake may take this long, ms. */
  tlsMs?: number | undefined;
}

const REPLY_MS = 10_000;
/** Heartbeats and notices are under a kilobyte, a battery's registry entry some twenty. */
export const SERVICE_FRAME_LIMIT = 1024 * 1024;
/** Messages that nobody asked for, at once and a second: a phone beats every ten seconds and has few notices. */
const FLOOD = { burst: 200, perSecond: 20 };

/**
 * Starts a service of a phone and connects to it: StartService, Connect to the port, TLS where the phone says so. Rejects with
 * DeviceError; whatever was opened is closed then. A refusal by lockdownd (`lockdown`) leaves its conversation usable.
 */
export async function openService(route: ServiceRoute, service: string, options: OpenServiceOptions = {}): Promise<ServiceConnection> {
  const { mux, deviceId, lockdown, record } = route;
  const { signal } = options;
  const { port, tls } = await lockdown.startService(service, {
    signal,
    escrow: options.escrow === true && record !== null ? record : undefined,
  });
  if (tls && record === null) throw new DeviceError(service, { kind: 'denied', code: 'NO_PAIR_RECORD' });
  // What was said about encryption came out of the session itself, so nobody in between can have taken it away.
  const proven = lockdown.session?.certificate ?? null;
  const raw = await mux.connect(deviceId, port, { signal });
  if (signal?.aborted === true) {
    raw.destroy();
    throw new DeviceError(service, { kind: 'aborted' });
  }
  if (!tls || record === null) return new ServiceConnection(raw, { service, certificate: proven, replyMs: options.replyMs });
  const secured = await secureStream(raw, record, { step: service, ms: options.tlsMs, signal, certificate: lockdown.certificatePolicy });
  return new ServiceConnection(secured.socket, { service, certificate: secured.certificate, replyMs: options.replyMs });
}

export interface ServiceConnectionOptions {
  /** Named in errors. */
  service: string;
  /** Whether the phone proved to be the paired one; null outside a session. */
  certificate: CertificateVerdict | null;
  replyMs?: number | undefined;
}

/** Messages of one connection to a service: property lists in lockdown's frames. Every failure closes it. Rejects with DeviceError only. */
export class ServiceConnection {
  readonly service: string;
  readonly certificate: CertificateVerdict | null;
  readonly #conversation: Conversation<Buffer>;
  readonly #replyMs: number;
  #last: Promise<unknown> = Promise.resolve();
  #credit = FLOOD.burst;
  #heardAt = performance.now();

  constructor(stream: Duplex, options: ServiceConnectionOptions) {
    this.service = options.service;
    this.certificate = options.certificate;
    this.#replyMs = options.replyMs ?? REPLY_MS;
    this.#conversation = new Conversation(stream, new LockdownFrames(SERVICE_FRAME_LIMIT));
  }

  /** Whether the connection has ended. */
  get over(): boolean {
    return this.#conversation.over;
  }

  /** Sends a message and waits for nothing. */
  tell(step: string, message: PlistDict): void {
    this.#conversation.send(step, encode(step, message));
  }

  /**
   * The next message. A peer who sends more of them than any phone would (two hundred at once, twenty a second) is `garbage`: answering
   * him would be all that this computer does.
   */
  async hear(patience: Patience): Promise<PlistDict> {
    const body = await this.#conversation.read(patience);
    const now = performance.now();
    this.#credit = Math.min(FLOOD.burst, this.#credit + ((now - this.#heardAt) * FLOOD.perSecond) / 1_000) - 1;
    this.#heardAt = now;
    if (this.#credit < 0) throw this.#end(new DeviceError(patience.step, { kind: 'garbage' }));
    try {
      return parsePlistDict(body);
    } catch (error) {
      throw this.#end(new DeviceError(patience.step, { kind: 'garbage' }, { cause: error }));
    }
  }

  /** Asks and waits for the answer; after everything that was asked before. */
  async ask(step: string, message: PlistDict, options: { signal?: AbortSignal | undefined; ms?: number } = {}): Promise<PlistDict> {
    const turn = this.#last.then(() => {
      this.tell(step, message);
      return this.hear({ step, ms: options.ms ?? this.#replyMs, signal: options.signal });
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Refuses unless the paired phone itself answers here: for orders. */
  provenPhone(step: string): void {
    if (this.certificate === null) throw new DeviceError(step, { kind: 'denied', code: 'NO_SESSION' });
    if (this.certificate !== 'matches') throw new DeviceError(step, { kind: 'impostor' });
  }

  /** Ends the connection because of an answer that is none; the error to throw. */
  garbage(step: string): DeviceError {
    return this.#end(new DeviceError(step, { kind: 'garbage' }));
  }

  /** Closes at once. Safe to call more than once. */
  close(): void {
    this.#conversation.destroy();
  }

  #end(error: DeviceError): DeviceError {
    this.#conversation.destroy(error);
    return error;
  }
}

function encode(step: string, message: PlistDict): Buffer {
  try {
    return encodeLockdownPlist(message);
  } catch (error) {
    throw new DeviceError(step, { kind: 'garbage' }, { cause: error });
  }
}
