import type { Duplex } from 'node:stream';
import { Conversation } from './conversation.js';
import { DeviceError, lockdownError, toDeviceError } from './errors.js';
import { encodeLockdownPlist, LockdownFrames } from './lockdown-frames.js';
import type { PairRecord } from './pair-record.js';
import type { PairAnswer, PairOptions } from './pairing.js';
import { pairUntilAnswered } from './pairing.js';
import { parsePlistDict } from './plist.js';
import type { PlistDict, PlistValue } from './plist-value.js';
import { upgradeToTls } from './tls.js';

/** lockdownd's port on every phone. */
export const LOCKDOWN_PORT = 62078;

export interface LockdownClientOptions {
  /** How the phone's log names us. */
  label?: string;
  /** An answer may take this long, ms. */
  replyMs?: number;
  /** The TLS handshake may take this long, ms. */
  tlsMs?: number;
  /** The goodbye of a session may take this long, ms. */
  stopMs?: number;
}

export interface LockdownCallOptions {
  signal?: AbortSignal | undefined;
}

export interface LockdownSession {
  sessionId: string;
}

export interface StartedService {
  /** To connect to through the multiplexer. */
  port: number;
  /** The service speaks TLS from its first byte: `upgradeToTls`. */
  tls: boolean;
}

const REPLY_MS = 10_000;
const STOP_MS = 1_000;
const LABEL = 'lockstep-agent';
/** Required for the requests about pairing (libimobiledevice lockdown.c); a string. */
const PAIRING_PROTOCOL = '2';
/** Asks for words such as MCProtected instead of a bare refusal. */
const PAIRING_OPTIONS = { ExtendedPairingErrors: true };

/**
 * A client of a phone's lockdownd over one stream. Requests are asked one after another. A refusal by the phone (DeviceError
 * `lockdown`) leaves the connection usable; every other failure ends it. Rejects with DeviceError only.
 */
export class LockdownClient {
  #conversation: Conversation<Buffer>;
  #stream: Duplex;
  #session: LockdownSession | null = null;
  #last: Promise<unknown> = Promise.resolve();
  /** Requests that run or wait. */
  #busy = 0;
  readonly #label: string;
  readonly #replyMs: number;
  readonly #tlsMs: number | undefined;
  readonly #stopMs: number;

  constructor(stream: Duplex, options: LockdownClientOptions = {}) {
    this.#stream = stream;
    this.#conversation = new Conversation(stream, new LockdownFrames());
    this.#label = options.label ?? LABEL;
    this.#replyMs = options.replyMs ?? REPLY_MS;
    this.#tlsMs = options.tlsMs;
    this.#stopMs = options.stopMs ?? STOP_MS;
  }

  /** What answers here: `com.apple.mobile.lockdown`, or `com.apple.mobile.restored` while a phone is being restored. */
  async queryType(options: LockdownCallOptions = {}): Promise<string> {
    return this.#inTurn(() => this.#queryType(options));
  }

  /**
   * One value, or a whole domain when `key` is null; `domain` null is the general one. Whole domains hold phone numbers and hardware
   * ids: ask by key. `GetProhibited` and `MissingValue` are everyday answers.
   */
  async getValue(domain: string | null, key: string | null, options: LockdownCallOptions = {}): Promise<PlistValue> {
    const parameters = { ...(domain === null ? {} : { Domain: domain }), ...(key === null ? {} : { Key: key }) };
    const reply = await this.#inTurn(() => this.#ask('GetValue', parameters, options));
    if (reply.Value === undefined || !echoes(reply.Key, key) || !echoes(reply.Domain, domain)) throw this.#garbage('GetValue');
    return reply.Value;
  }

  /**
   * Opens an encrypted session with an existing pair record, and proves both ways: the phone has to show the certificate of the record
   * (`impostor` otherwise), and to answer inside the session (`tls` otherwise: it did not take ours). That is the validation of a
   * pairing; nothing here ever pairs. `lockdown` errors such as InvalidHostID say how the phone refused.
   */
  async startSession(record: PairRecord, options: LockdownCallOptions = {}): Promise<LockdownSession> {
    return this.#inTurn(async () => {
      const step = 'StartSession';
      const reply = await this.#ask(step, { HostID: record.hostId, SystemBUID: record.systemBuid }, options);
      if (typeof reply.SessionID !== 'string') throw this.#garbage(step);
      // A session in clear text proves nothing about who answers. No phone since iOS 5 offers one.
      if (reply.EnableSessionSSL !== true) throw this.#end(new DeviceError(step, { kind: 'tls', code: 'NOT_ENCRYPTED' }));
      const stream = this.#conversation.release();
      const secured = await upgradeToTls(stream, record, { ms: this.#tlsMs, signal: options.signal });
      this.#stream = secured;
      this.#conversation = new Conversation(secured, new LockdownFrames());
      await this.#confirm(options);
      this.#session = { sessionId: reply.SessionID };
      return this.#session;
    });
  }

  /**
   * Says goodbye to the session, waits for the answer for at most a second, and closes the connection: Node's TLS cannot step back to
   * clear text. While a request is still unanswered it only closes. Never rejects.
   */
  async stopSession(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    if (session !== null && this.#busy === 0) {
      try {
        await this.#inTurn(() => this.#ask('StopSession', { SessionID: session.sessionId }, {}, this.#stopMs));
      } catch {
        // The phone forgets a session whose connection ends; the goodbye is a courtesy.
      }
    }
    this.destroy();
  }

  /** Starts a service and says where it listens. Most need a session. */
  async startService(service: string, options: LockdownCallOptions = {}): Promise<StartedService> {
    const reply = await this.#inTurn(() => this.#ask('StartService', { Service: service }, options));
    const port = reply.Port;
    if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 0xffff) throw this.#garbage('StartService');
    return { port, tls: reply.EnableServiceSSL === true };
  }

  /**
   * Asks the phone to trust this computer, which puts a dialog on its screen; asked again about once a second, with the same record,
   * until the holder answers or the time is up. What the phone answers is a value, also when it answers nothing; rejects only when
   * stopped (`aborted`). For fixes; probes never pair.
   */
  async pair(record: PairRecord, options: PairOptions = {}): Promise<PairAnswer> {
    const parameters = {
      PairRecord: record.forPhone(),
      PairingOptions: PAIRING_OPTIONS,
      ProtocolVersion: PAIRING_PROTOCOL,
      ...(options.hostName === undefined ? {} : { HostName: options.hostName }),
    };
    return this.#inTurn(() => pairUntilAnswered(() => this.#ask('Pair', parameters, options), record, options));
  }

  /** Has the phone forget this computer's pairing. */
  async unpair(record: PairRecord, options: LockdownCallOptions = {}): Promise<void> {
    await this.#inTurn(() => this.#ask('Unpair', { PairRecord: record.forPhone(), ProtocolVersion: PAIRING_PROTOCOL }, options));
  }

  /** Ends a session if there is one, and the connection. Never rejects. */
  async close(): Promise<void> {
    await this.stopSession();
  }

  /** Cuts the connection at once. */
  destroy(): void {
    this.#session = null;
    this.#conversation.destroy();
    // In the middle of a handshake the stream is in no conversation.
    this.#stream.destroy();
  }

  async #queryType(options: LockdownCallOptions): Promise<string> {
    const { Type: type } = await this.#ask('QueryType', {}, options);
    if (typeof type !== 'string') throw this.#garbage('QueryType');
    return type;
  }

  /** One harmless question inside the session: under TLS 1.3 a refused client certificate shows only here. */
  async #confirm(options: LockdownCallOptions): Promise<void> {
    try {
      await this.#queryType(options);
    } catch (error) {
      const known = toDeviceError('StartSession', error);
      if (known.failure.kind === 'io') throw new DeviceError('StartSession', { kind: 'tls', code: known.failure.code }, { cause: error });
      if (known.kind === 'closed') throw new DeviceError('StartSession', { kind: 'tls', code: null }, { cause: error });
      throw known;
    }
  }

  /** Runs after everything that was asked before, however that ended. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    const turn = this.#last.then(work).finally(() => this.#busy--);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #ask(request: string, parameters: PlistDict, { signal }: LockdownCallOptions, ms = this.#replyMs): Promise<PlistDict> {
    const conversation = this.#conversation;
    conversation.send(request, encodeRequest({ Request: request, Label: this.#label, ...parameters }));
    const reply = this.#read(request, await conversation.read({ step: request, ms, signal }));
    // Firmware before iOS 7 answers Unpair under another name.
    const named = reply.Request === request || (request === 'Unpair' && reply.Request === 'ValidatePair');
    if (!named) throw this.#garbage(request);
    if (typeof reply.Error === 'string') throw lockdownError(request, reply.Error);
    if (reply.Error !== undefined) throw this.#garbage(request);
    // The only sign of failure before iOS 5.
    if (reply.Result === 'Failure') throw lockdownError(request, 'Failure');
    return reply;
  }

  #read(step: string, body: Buffer): PlistDict {
    try {
      return parsePlistDict(body);
    } catch (error) {
      throw this.#end(new DeviceError(step, { kind: 'garbage' }, { cause: error }));
    }
  }

  #garbage(step: string): DeviceError {
    return this.#end(new DeviceError(step, { kind: 'garbage' }));
  }

  #end(error: DeviceError): DeviceError {
    this.#session = null;
    this.#conversation.destroy(error);
    return error;
  }
}

function encodeRequest(request: PlistDict): Buffer {
  try {
    return encodeLockdownPlist(request);
  } catch (error) {
    throw new DeviceError(String(request.Request), { kind: 'garbage' }, { cause: error });
  }
}

/** The phone repeats what was asked; a reply that repeats something else belongs to another question. */
function echoes(echo: PlistValue | undefined, asked: string | null): boolean {
  return echo === undefined || echo === asked;
}
