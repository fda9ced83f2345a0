import {
  DeviceError,
  LOCKDOWN_PORT,
  LockdownClient,
  type LockdownClientOptions,
  type MuxClient,
  type MuxDevice,
  openService,
  type PairRecord,
  type ServiceConnection,
} from '../device/index.js';

/**
 * The one conversation with a phone's lockdownd at a time. It is opened when the first question needs it, kept while answers come, and
 * opened anew after a failure: after a late or broken answer nobody knows what the next one belongs to.
 */
export class PhoneTalk {
  #client: LockdownClient | null = null;
  #session = false;
  /** The record of the open session, for services of the same session; let go with it. */
  #record: PairRecord | null = null;

  constructor(
    readonly mux: MuxClient,
    readonly device: MuxDevice,
    private readonly patience: LockdownClientOptions = {},
  ) {}

  /** Whether the conversation is inside a trusted session. */
  get inSession(): boolean {
    return this.#session;
  }

  /** Asks something of lockdownd. A refusal by the phone's own word leaves the conversation open; anything else closes it. */
  async ask<T>(signal: AbortSignal, question: (client: LockdownClient) => Promise<T>): Promise<T> {
    const hangUp = () => this.drop();
    signal.addEventListener('abort', hangUp, { once: true });
    try {
      const client = await this.open(signal);
      return await question(client);
    } catch (e) {
      if (!(e instanceof DeviceError) || e.kind !== 'lockdown') this.drop();
      throw e;
    } finally {
      signal.removeEventListener('abort', hangUp);
    }
  }

  /** Opens a session with an existing record. The record is used and let go. */
  async startSession(signal: AbortSignal, record: PairRecord): Promise<void> {
    this.#session = false;
    await this.ask(signal, (client) => client.startSession(record, { signal }));
    this.#session = true;
    this.#record = record;
  }

  /** Starts a service inside the session and talks to it; it is closed afterwards. A refusal by lockdownd leaves the conversation open. */
  async service<T>(signal: AbortSignal, name: string, talk: (connection: ServiceConnection) => Promise<T>): Promise<T> {
    const connection = await this.ask(signal, (lockdown) =>
      openService({ mux: this.mux, deviceId: this.device.deviceId, lockdown, record: this.#record }, name, {
        signal,
        replyMs: this.patience.replyMs,
      }),
    );
    const hangUp = () => connection.close();
    signal.addEventListener('abort', hangUp, { once: true });
    try {
      return await talk(connection);
    } finally {
      signal.removeEventListener('abort', hangUp);
      connection.close();
    }
  }

  /** Says goodbye (waits at most a second) and closes. */
  async end(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    this.#session = false;
    this.#record = null;
    await client?.close();
  }

  /** Closes at once. */
  drop(): void {
    this.#client?.destroy();
    this.#client = null;
    this.#session = false;
    this.#record = null;
  }

  private async open(signal: AbortSignal): Promise<LockdownClient> {
    if (this.#client) return this.#client;
    const stream = await this.mux.connect(this.device.deviceId, LOCKDOWN_PORT, { signal });
    if (signal.aborted) {
      stream.destroy();
      throw new DeviceError('Connect', { kind: 'aborted' });
    }
    this.#client = new LockdownClient(stream, this.patience);
    return this.#client;
  }
}
