import type { Duplex } from 'node:stream';
import {
  DeviceError,
  encodeLockdownPlist,
  LockdownClient,
  type LockdownClientOptions,
  LockdownFrames,
  newPairRecord,
  newRsaKeys,
  type PairRecord,
  type PlistDict,
  parsePlistDict,
  type ServiceRoute,
} from '@lockstep/agent/device';
import { LOCKDOWN_PORT, linkedStreams, type PhoneOptions, SimulatedPhone, type Via } from '../src/phone/index.js';

/** The BUID of the computer that the trials play. */
export const BUID = '30142955-444094379208051516';

/** One phone without a multiplexer around it, and a computer that talks to it with the agent's own client. */
export class PhoneTrial {
  phone: SimulatedPhone;
  private readonly streams: Duplex[] = [];

  constructor(private readonly options: PhoneOptions) {
    this.phone = new SimulatedPhone(options);
  }

  /** A record made for this phone, and one made for another. Keys take a second: make them once per suite. */
  async records(): Promise<{ record: PairRecord; foreign: PairRecord }> {
    const other = await newRsaKeys();
    const otherKey = other.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    const [record, foreign] = await Promise.all([this.recordFor(BUID), newPairRecord(otherKey, { systemBuid: BUID })]);
    return { record, foreign };
  }

  async recordFor(systemBuid: string, hostId?: string): Promise<PairRecord> {
    return newPairRecord(await this.phone.devicePublicKey(), { systemBuid, hostId });
  }

  /** Starts anew: the same phone, knowing nobody. */
  fresh(more: Partial<PhoneOptions> = {}): SimulatedPhone {
    this.close();
    this.phone = new SimulatedPhone({ ...this.options, ...more });
    return this.phone;
  }

  dial(port: number = LOCKDOWN_PORT, via: Via = 'usb'): Duplex {
    const serve = this.phone.connect(port, via);
    if (serve === null) throw new Error(`port ${port} is closed`);
    const [here, there] = linkedStreams();
    here.on('error', () => {});
    this.streams.push(here);
    serve(there);
    return here;
  }

  client(limits: LockdownClientOptions = {}, via: Via = 'usb'): LockdownClient {
    return new LockdownClient(this.dial(LOCKDOWN_PORT, via), { replyMs: 15_000, tlsMs: 15_000, ...limits });
  }

  /** A conversation inside a session, and how to reach services from it. */
  async session(record: PairRecord, limits: LockdownClientOptions = {}, via: Via = 'usb'): Promise<ServiceRoute & { record: PairRecord }> {
    const lockdown = this.client(limits, via);
    await lockdown.startSession(record);
    return { ...this.route(lockdown, via), record };
  }

  /** How to reach services without a session. */
  route(lockdown: LockdownClient, via: Via = 'usb'): Omit<ServiceRoute, 'record'> {
    return { mux: { connect: async (_deviceId, port) => this.dial(port, via) }, deviceId: 1, lockdown };
  }

  /** Lets the phone trust the record the way a holder does: asked, tapped, asked again. */
  async pair(record: PairRecord): Promise<PairRecord> {
    const asking = this.client();
    const first = await asking.pair(record, { ms: 0 });
    if (first.outcome === 'pending') this.phone.tapTrust();
    const answer = first.outcome === 'accepted' ? first : await asking.pair(record, { ms: 0 });
    await asking.close();
    if (answer.outcome !== 'accepted') throw new Error(`Pair: ${answer.outcome}`);
    return answer.record;
  }

  close(): void {
    for (const stream of this.streams.splice(0)) stream.destroy();
    this.phone.close();
  }
}

/** What a call came to: `no error`, lockdownd's word, or the kind of failure. */
export async function failureOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => 'no error',
    (e: unknown) => e,
  );
  if (!(error instanceof DeviceError)) return String(error);
  return error.failure.kind === 'lockdown' ? error.failure.word : error.failure.kind;
}

/** Messages of a stream in both directions, for what the agent has no client for. */
export class Talk {
  private readonly inbox: PlistDict[] = [];
  private readonly frames = new LockdownFrames();
  private wake: () => void = () => {};

  constructor(private readonly stream: Duplex) {
    stream.on('data', (chunk: Buffer) => this.take(chunk));
    stream.resume();
  }

  say(message: PlistDict): void {
    this.stream.write(encodeLockdownPlist(message));
  }

  async hear(): Promise<PlistDict> {
    while (this.inbox.length === 0) {
      await new Promise<void>((done) => {
        this.wake = done;
      });
    }
    return this.inbox.shift() as PlistDict;
  }

  private take(chunk: Buffer): void {
    for (const body of this.frames.push(chunk)) this.inbox.push(parsePlistDict(body));
    this.wake();
  }
}
