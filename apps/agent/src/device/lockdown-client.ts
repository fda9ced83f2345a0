import type { Duplex } from 'node:stream';
import type { PlistValue } from '../machine/index.js';
import { DeviceError, toDeviceError } from './errors.js';
import { LockdownExchange } from './lockdown-exchange.js';
import type { OrganisationIdentity } from './organisation.js';
import type { PairRecord } from './pair-record.js';
import type { PairAnswer, PairOptions, SupervisedPairOptions } from './pairing.js';
import { PAIRING_PROTOCOL, pairAsOrganisation, pairingParameters, pairUntilAnswered } from './pairing.js';
import type { CertificatePolicy, CertificateVerdict } from './tls.js';
import { secureStream } from './tls.js';

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
  /** What to do about a phone with another certificate than its pairing's; `refuse` when left out. Holds for its services too. */
  certificate?: CertificatePolicy;
}

export interface LockdownCallOptions {
  signal?: AbortSignal | undefined;
}

export interface LockdownSession {
  sessionId: string;
  /** `differs` only under the policy to warn: whoever answers is not proven to be the phone, and gets no secret and no order. */
  certificate: CertificateVerdict;
}

export interface StartServiceOptions extends LockdownCallOptions {
  /** Sends this record's escrow key along, which some services want while the phone is locked. */
  escrow?: PairRecord | undefined;
}

export interface StartedService {
  /** To connect to through the multiplexer. */
  port: number;
  /** The service speaks TLS from its first byte: `secureStream`. */
  tls: boolean;
}

const REPLY_MS = 10_000;
const STOP_MS = 1_000;
const LABEL = 'lockstep-agent';
/** The flag of Wi-Fi sync (libimobiledevice's ideviceinfo and pymobiledevice3 name domain and key). */
const WIFI_SYNC = { Domain: 'com.apple.mobile.wireless_lockdown', Key: 'EnableWifiConnections' } as const;

/**
 * A client of a phone's lockdownd over one stream. Requests are asked one after another. A refusal by the phone (DeviceError
 * `lockdown`) leaves the connection usable; every other failure ends it. Rejects with DeviceError only.
 */
export class LockdownClient {
  readonly #exchange: LockdownExchange;
  #session: LockdownSession | null = null;
  readonly #tlsMs: number | undefined;
  readonly #stopMs: number;
  /** What to do about a phone with another certificate, here and on its services. */
  readonly certificatePolicy: CertificatePolicy;

  constructor(stream: Duplex, options: LockdownClientOptions = {}) {
    this.#exchange = new LockdownExchange(stream, { label: options.label ?? LABEL, replyMs: options.replyMs ?? REPLY_MS });
    this.#tlsMs = options.tlsMs;
    this.#stopMs = options.stopMs ?? STOP_MS;
    this.certificatePolicy = options.certificate ?? 'refuse';
  }

  /** The session that is open; null when there is none. */
  get session(): LockdownSession | null {
    return this.#exchange.over ? null : this.#session;
  }

  /** What answers here: `com.apple.mobile.lockdown`, or `com.apple.mobile.restored` while a phone is being restored. */
  async queryType(options: LockdownCallOptions = {}): Promise<string> {
    return this.#exchange.inTurn(() => this.#queryType(options));
  }

  /**
   * One value, or a whole domain when `key` is null; `domain` null is the general one. Whole domains hold phone numbers and hardware
   * ids: ask by key. `GetProhibited` and `MissingValue` are everyday answers.
   */
  async getValue(domain: string | null, key: string | null, options: LockdownCallOptions = {}): Promise<PlistValue> {
    const parameters = { ...(domain === null ? {} : { Domain: domain }), ...(key === null ? {} : { Key: key }) };
    const reply = await this.#exchange.inTurn(() => this.#exchange.ask('GetValue', parameters, options));
    if (reply.Value === undefined || !echoes(reply.Key, key) || !echoes(reply.Domain, domain)) throw this.#garbage('GetValue');
    return reply.Value;
  }

  /** Switches Wi-Fi sync on or off, inside a session. The one value that is ever written. For fixes. */
  async setWifiConnections(on: boolean, options: LockdownCallOptions = {}): Promise<void> {
    this.#provenPhone('SetValue');
    const reply = await this.#exchange.inTurn(() => this.#exchange.ask('SetValue', { ...WIFI_SYNC, Value: on }, options));
    if (!echoes(reply.Key, WIFI_SYNC.Key) || !echoes(reply.Domain, WIFI_SYNC.Domain)) throw this.#garbage('SetValue');
  }

  /**
   * Has the phone restart into recovery mode, inside a session; the connection ends. For fixes. When the answer does not come
   * (`closed`, `timeout`), nobody knows whether it went.
   */
  async enterRecovery(options: LockdownCallOptions = {}): Promise<void> {
    this.#provenPhone('EnterRecovery');
    await this.#exchange.inTurn(() => this.#exchange.ask('EnterRecovery', {}, options));
    this.destroy();
  }

  /**
   * Opens an encrypted session with an existing pair record, and proves both ways: the phone has to show the certificate of the record
   * (`impostor` otherwise, or a session that says `differs` where the policy is to warn), and to answer inside the session (`tls`
   * otherwise: it did not take ours). That is the validation of a pairing; nothing here ever pairs. `lockdown` errors such as
   * InvalidHostID say how the phone refused.
   */
  async startSession(record: PairRecord, options: LockdownCallOptions = {}): Promise<LockdownSession> {
    const exchange = this.#exchange;
    return exchange.inTurn(async () => {
      const step = 'StartSession';
      const reply = await exchange.ask(step, { HostID: record.hostId, SystemBUID: record.systemBuid }, options);
      if (typeof reply.SessionID !== 'string') throw this.#garbage(step);
      // A session in clear text proves nothing about who answers. No phone since iOS 5 offers one.
      if (reply.EnableSessionSSL !== true) throw exchange.end(new DeviceError(step, { kind: 'tls', code: 'NOT_ENCRYPTED' }));
      const secured = await secureStream(exchange.release(), record, {
        ms: this.#tlsMs,
        signal: options.signal,
        certificate: this.certificatePolicy,
      });
      exchange.goOn(secured.socket);
      await this.#confirm(options);
      this.#session = { sessionId: reply.SessionID, certificate: secured.certificate };
      return this.#session;
    });
  }

  /**
   * Says goodbye to the session, waits for the answer for at most a second, and closes the connection: Node's TLS cannot step back to
   * clear text. While a request is still unanswered it only closes. Never rejects.
   */
  async stopSession(): Promise<void> {
    const session = this.#session;
    const exchange = this.#exchange;
    this.#session = null;
    if (session !== null && !exchange.busy) {
      try {
        await exchange.inTurn(() => exchange.ask('StopSession', { SessionID: session.sessionId }, { answerMs: this.#stopMs }));
      } catch {
        // The phone forgets a session whose connection ends; the goodbye is a courtesy.
      }
    }
    this.destroy();
  }

  /** Starts a service and says where it listens. Most need a session. `openService` connects too. */
  async startService(service: string, { signal, escrow }: StartServiceOptions = {}): Promise<StartedService> {
    const step = 'StartService';
    const bag = escrow?.escrowBag() ?? null;
    // The escrow key opens the phone's data: only the phone itself, inside its own session, ever sees it.
    if (bag !== null) this.#provenPhone(step);
    const parameters = { Service: service, ...(bag === null ? {} : { EscrowBag: bag }) };
    const reply = await this.#exchange.inTurn(() => this.#exchange.ask(step, parameters, { signal }));
    const port = reply.Port;
    if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 0xffff) throw this.#garbage(step);
    return { port, tls: reply.EnableServiceSSL === true };
  }

  /**
   * Asks the phone to trust this computer, which puts a dialog on its screen; asked again about once a second, with the same record,
   * until the holder answers or the time is up. What the phone answers is a value, also when it answers nothing; rejects only when
   * stopped (`aborted`). For fixes; probes never pair.
   */
  async pair(record: PairRecord, options: PairOptions = {}): Promise<PairAnswer> {
    const exchange = this.#exchange;
    const parameters = pairingParameters(record, options.hostName);
    return exchange.inTurn(() => pairUntilAnswered(() => exchange.ask('Pair', parameters, { signal: options.signal }), record, options));
  }

  /**
   * Pairs a supervised phone with the identity of its organisation: the phone sets a challenge, the answer is signed, and no dialog
   * appears. Asks twice at most and waits for nobody. What the phone answers is a value; rejects only when stopped (`aborted`).
   */
  async pairSupervised(record: PairRecord, identity: OrganisationIdentity, options: SupervisedPairOptions = {}): Promise<PairAnswer> {
    const exchange = this.#exchange;
    return exchange.inTurn(() =>
      pairAsOrganisation((parameters) => exchange.askAnyway('Pair', parameters, { signal: options.signal }), record, identity, options),
    );
  }

  /** Has the phone forget this computer's pairing. */
  async unpair(record: PairRecord, options: LockdownCallOptions = {}): Promise<void> {
    const parameters = { PairRecord: record.forPhone(), ProtocolVersion: PAIRING_PROTOCOL };
    await this.#exchange.inTurn(() => this.#exchange.ask('Unpair', parameters, options));
  }

  /** Ends a session if there is one, and the connection. Never rejects. */
  async close(): Promise<void> {
    await this.stopSession();
  }

  /** Cuts the connection at once. */
  destroy(): void {
    this.#session = null;
    this.#exchange.destroy();
  }

  async #queryType(options: LockdownCallOptions): Promise<string> {
    const { Type: type } = await this.#exchange.ask('QueryType', {}, options);
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

  /** Orders and secrets are for the paired phone alone: refuses when somebody else may answer, or when there is no session to prove it. */
  #provenPhone(step: string): void {
    const { session } = this;
    if (session === null) throw new DeviceError(step, { kind: 'denied', code: 'NO_SESSION' });
    if (session.certificate !== 'matches') throw new DeviceError(step, { kind: 'impostor' });
  }

  #garbage(step: string): DeviceError {
    this.#session = null;
    return this.#exchange.garbage(step);
  }
}

/** The phone repeats what was asked; a reply that repeats something else belongs to another question. */
function echoes(echo: PlistValue | undefined, asked: string | null): boolean {
  return echo === undefined || echo === asked;
}
