import { generateKeyPairSync } from 'node:crypto';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer, connect as dial } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { DeviceFailure, LockdownClientOptions, PairRecord, PlistDict } from '../src/device/index.js';
import {
  certificateDer,
  DeviceError,
  encodeLockdownPlist,
  LockdownClient,
  LockdownFrames,
  newPairRecord,
  parsePlistDict,
} from '../src/device/index.js';

export const BUID = '30142955-444094379208051516';

/** The keys of a phone: those it pairs with. */
export class PhoneKeys {
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

  /** What lockdown gives as DevicePublicKey. */
  get publicPem(): string {
    return this.#keys.publicKey.export({ type: 'pkcs1', format: 'pem' }) as string;
  }

  get privatePem(): string {
    return this.#keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  }

  /** A record of a pairing of this phone with a new host. */
  paired(): Promise<PairRecord> {
    return newPairRecord(this.publicPem, { systemBuid: BUID });
  }
}

export interface Call {
  request: PlistDict;
  socket: Duplex;
  reply(answer: PlistDict): void;
}

export interface TlsSide {
  identity: PairRecord;
  keys: PhoneKeys;
  version: 'TLSv1.2' | 'TLSv1.3';
  /** The phone takes only this host. */
  accepts: PairRecord;
}

/** lockdownd on a real socket: answers each request by a script, and goes over to TLS after StartSession. */
export class FakePhone {
  readonly calls: PlistDict[] = [];
  readonly sockets = new Set<Socket>();
  tls: TlsSide | null = null;
  #server: Server;

  constructor(private script: (call: Call) => void) {
    this.#server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
      this.#serve(socket, socket);
    });
  }

  #serve(socket: Duplex, raw: Socket): void {
    const frames = new LockdownFrames();
    const onData = (chunk: Buffer) => {
      for (const body of frames.push(chunk)) {
        const request = parsePlistDict(body);
        this.calls.push(request);
        const secure = request.Request === 'StartSession' && this.tls !== null;
        if (secure) socket.off('data', onData);
        this.script({
          request,
          socket,
          reply: (answer) => socket.write(encodeLockdownPlist({ Request: request.Request as string, ...answer })),
        });
        if (secure && this.tls !== null) this.#secure(raw, this.tls);
      }
    };
    socket.on('data', onData);
  }

  #secure(raw: Socket, side: TlsSide): void {
    const cert = side.identity.forPhone().DeviceCertificate as Uint8Array;
    const context = createSecureContext({
      cert: Buffer.from(cert),
      key: side.keys.privatePem,
      minVersion: side.version,
      maxVersion: side.version,
    });
    const secured = new TLSSocket(raw, { isServer: true, secureContext: context, requestCert: true, rejectUnauthorized: false });
    secured.on('error', () => {});
    secured.on('secure', () => {
      const expected = certificateDer(side.accepts.tlsIdentity().cert);
      if (!secured.getPeerCertificate().raw?.equals(expected)) raw.destroy();
    });
    this.#serve(secured, raw);
  }

  async stream(): Promise<Duplex> {
    if (!this.#server.listening) await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return new Promise((resolve, reject) => {
      const socket = dial((this.#server.address() as AddressInfo).port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => resolve(socket));
    });
  }

  /** A client whose deadlines a busy machine does not miss; a test of silence gives shorter ones. */
  async client(patience: LockdownClientOptions = {}): Promise<LockdownClient> {
    return new LockdownClient(await this.stream(), patience);
  }

  /** Waits until every connection is closed by the other side; fails after ten seconds. */
  async abandoned(): Promise<void> {
    for (let i = 0; this.sockets.size > 0; i++) {
      if (i === 2000) throw new Error('a connection stayed open');
      await sleep(5);
    }
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** What `work` failed with; anything but a DeviceError fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<DeviceFailure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof DeviceError) return error.failure;
    throw error;
  }
  throw new Error('was expected to fail');
}
