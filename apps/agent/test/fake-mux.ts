import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer, connect as dial } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MuxClientOptions, MuxFrame, PlistDict, PlistValue } from '../src/device/index.js';
import { encodeMuxPlist, MuxClient, MuxFrames, parsePlistDict } from '../src/device/index.js';

export const UDID = '00008030-001A35E40123802E';

export interface Call {
  request: PlistDict;
  tag: number;
  socket: Socket;
}

/** A multiplexer on a real socket that answers each request by a script. */
export class FakeMux {
  readonly calls: Call[] = [];
  readonly sockets = new Set<Socket>();
  connections = 0;
  readonly #server: Server;

  constructor(private script: (call: Call) => void) {
    this.#server = createServer((socket) => {
      this.connections++;
      this.sockets.add(socket);
      const frames = new MuxFrames();
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('data', (chunk) => {
        for (const frame of frames.push(chunk)) this.#take(frame, socket);
      });
    });
  }

  #take(frame: MuxFrame, socket: Socket): void {
    const call = { request: parsePlistDict(frame.body), tag: frame.tag, socket };
    this.calls.push(call);
    this.script(call);
  }

  async listen(patience: Partial<MuxClientOptions> = {}): Promise<MuxClient> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this.client(patience);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  client(patience: Partial<MuxClientOptions> = {}): MuxClient {
    const { port } = this;
    return new MuxClient({ open: () => opened(port), ...patience });
  }

  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Waits until every connection is closed by the other side; fails after ten seconds. */
  async abandoned(): Promise<void> {
    for (let i = 0; this.sockets.size > 0; i++) {
      if (i === 2000) throw new Error('a connection stayed open');
      await sleep(5);
    }
  }

  async close(): Promise<void> {
    this.drop();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function opened(port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = dial(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

/** A result message. */
export const result = (number: number, tag: number) => encodeMuxPlist({ MessageType: 'Result', Number: number }, tag);

/** An event that a phone is there, as the daemon tells it. */
export function attached(deviceId: number, serial: PlistValue, more: PlistDict = {}): PlistDict {
  return {
    MessageType: 'Attached',
    DeviceID: deviceId,
    Properties: {
      ConnectionType: 'USB',
      ConnectionSpeed: 480000000,
      DeviceID: deviceId,
      LocationID: 65541,
      ProductID: 4776,
      SerialNumber: serial,
      ...more,
    },
  };
}
