import {
  DeviceError,
  LOCKDOWN_PORT,
  LockdownClient,
  type LockdownClientOptions,
  type MuxClient,
  type MuxDevice,
  type PairRecord,
} from '../device/index.js';

/**
 * The one conversation with a phone's lockdownd at a time. It is opened when the first question needs it, kept while answers come, and
 * opened anew after a failure: after a late or broken answer nobody knows what the next one belongs to.
 */
export class PhoneTalk {
  #client: LockdownClient | null = null;
  #session = false;

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
  }

  /** Says goodbye (waits at most a second) and closes. */
  async end(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    this.#session = false;
    await client?.close();
  }

  /** Closes at once. */
  drop(): void {
    this.#client?.destroy();
    this.#client = null;
    this.#session = false;
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
