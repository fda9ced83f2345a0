import type { Socket } from 'node:net';
import { connect as dial } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Call } from '../../test/fake-mux.js';
import { attached, FakeMux, opened, result, UDID } from '../../test/fake-mux.js';
import type { PlistValue } from '../machine/index.js';
import type { DeviceFailure } from './errors.js';
import { DeviceError } from './errors.js';
import type { MuxClientOptions } from './mux-client.js';
import { MuxClient } from './mux-client.js';
import { encodeMuxBinaryResult, encodeMuxFrame, encodeMuxPlist, swapPort } from './mux-frames.js';

const OTHER = 'c7a11f2a9bd5e8a7e9d6b1c3f4a5968778695a4b';

let mux: FakeMux;
afterEach(() => mux.close());

async function serve(script: (call: Call) => void, patience: Partial<MuxClientOptions> = {}): Promise<MuxClient> {
  mux = new FakeMux(script);
  return mux.listen(patience);
}

async function failureOf(work: Promise<unknown>): Promise<{ step: string; failure: DeviceFailure }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof DeviceError) return { step: error.step, failure: error.failure };
    throw error;
  }
  throw new Error('was expected to fail');
}

describe('ListDevices', () => {
  const list = encodeList([attached(3, '00008030001A35E40123802E')]);

  function encodeList(devices: PlistValue[]) {
    return (tag: number) => encodeMuxPlist({ DeviceList: devices }, tag);
  }

  it('gives one entry a phone, USB before the network, and trusts the outer device id', async () => {
    const address = Buffer.from('10020000c0a80114', 'hex');
    const client = await serve(({ socket, tag }) => {
      socket.write(
        encodeList([
          attached(9, UDID, { ConnectionType: 'Network', EscapedFullServiceName: 'x', InterfaceIndex: 4, NetworkAddress: address }),
          attached(3, UDID.replace('-', ''), { DeviceID: 77 }),
          attached(4, OTHER.toUpperCase(), { ConnectionType: 'Network' }),
          attached(5, 'not a udid'),
          attached(6, UDID, { ConnectionType: 'Smoke' }),
          { MessageType: 'Attached' },
          'text',
        ])(tag),
      );
    });
    expect(await client.listDevices()).toEqual({
      devices: [
        {
          deviceId: 3,
          udid: UDID,
          connection: 'usb',
          alsoNetwork: true,
          locationId: 65541,
          productId: 4776,
          speedBps: 480000000,
          network: { deviceId: 9, address: '192.168.1.20', interfaceIndex: 4, serviceName: 'x' },
        },
        {
          deviceId: 4,
          udid: OTHER,
          connection: 'network',
          alsoNetwork: false,
          locationId: 65541,
          productId: 4776,
          speedBps: null,
          network: { deviceId: 4, address: null, interfaceIndex: null, serviceName: null },
        },
      ],
      unreadable: 4,
    });
    expect(mux.calls[0]?.request).toMatchObject({ MessageType: 'ListDevices', kLibUSBMuxVersion: 3 });
  });

  it('uses a new connection for every command', async () => {
    const client = await serve(({ socket, tag }) => socket.write(list(tag)));
    await client.listDevices();
    await client.listDevices();
    await Promise.all([client.listDevices(), client.listDevices()]);
    expect(mux.connections).toBe(4);
    await mux.abandoned();
  });

  it('survives an answer byte by byte', async () => {
    const client = await serve(async ({ socket, tag }) => {
      socket.setNoDelay(true);
      for (const byte of list(tag).subarray(0, 30)) {
        socket.write(Buffer.from([byte]));
        await sleep(0);
      }
      socket.write(list(tag).subarray(30));
    });
    expect((await client.listDevices()).devices).toHaveLength(1);
  });

  it('passes over events, answers to others and what is no property list there, merged with the answer', async () => {
    const client = await serve(({ socket, tag }) => {
      socket.write(
        Buffer.concat([
          encodeMuxPlist(attached(1, UDID), 0),
          encodeMuxPlist(attached(1, UDID), tag),
          result(3, tag + 1),
          encodeMuxFrame({ version: 1, message: 8, tag: 999, body: Buffer.from('garbage') }),
          list(tag),
          encodeMuxPlist({ MessageType: 'Detached', DeviceID: 1 }, 0),
        ]),
      );
    });
    expect((await client.listDevices()).devices).toHaveLength(1);
  });

  it.each<[string, (call: Call) => void, DeviceFailure]>([
    ['is silent', () => {}, { kind: 'timeout' }],
    ['answers others only, for ever', ({ socket, tag }) => chatter(socket, result(0, tag + 1)), { kind: 'timeout' }],
    ['hangs up', ({ socket }) => socket.end(), { kind: 'closed' }],
    ['hangs up in the middle of a frame', ({ socket, tag }) => socket.end(list(tag).subarray(0, 40)), { kind: 'closed' }],
    ['resets', ({ socket }) => socket.resetAndDestroy(), { kind: 'closed' }],
    [
      'talks another protocol',
      ({ socket }) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      { kind: 'too-large', bytes: 0x50545448, limit: 1048576 },
    ],
    ['sends a frame that is too short', ({ socket }) => socket.write(Buffer.alloc(16)), { kind: 'garbage' }],
    [
      'sends no property list',
      ({ socket, tag }) => socket.write(encodeMuxFrame({ version: 1, message: 8, tag, body: Buffer.from('hello') })),
      { kind: 'garbage' },
    ],
    [
      'sends another version',
      ({ socket, tag }) => socket.write(encodeMuxFrame({ version: 7, message: 8, tag, body: Buffer.alloc(4) })),
      { kind: 'garbage' },
    ],
    ['says bad version, binary', ({ socket, tag }) => socket.write(encodeMuxBinaryResult(6, tag)), { kind: 'mux', result: 6 }],
    ['says bad command', ({ socket, tag }) => socket.write(result(1, tag)), { kind: 'mux', result: 1 }],
    ['says ok and sends no list', ({ socket, tag }) => socket.write(result(0, tag)), { kind: 'garbage' }],
    ['sends a list that is none', ({ socket, tag }) => socket.write(encodeMuxPlist({ DeviceList: 5 }, tag)), { kind: 'garbage' }],
    [
      'sends a result without a number',
      ({ socket, tag }) => socket.write(encodeMuxPlist({ MessageType: 'Result' }, tag)),
      { kind: 'garbage' },
    ],
  ])('fails in time when the multiplexer %s', async (_, script, failure) => {
    const client = await serve(script, failure.kind === 'timeout' ? { replyMs: 100 } : {});
    expect(await failureOf(client.listDevices())).toEqual({ step: 'ListDevices', failure });
    await mux.abandoned();
  });

  function chatter(socket: Socket, bytes: Buffer): void {
    const timer = setInterval(() => socket.write(bytes), 10);
    socket.on('close', () => clearInterval(timer));
  }
});

describe('opening the socket', () => {
  it('tells a socket that is not there from one that refuses', async () => {
    const client = await serve(() => {});
    await mux.close();
    expect(await failureOf(client.listDevices())).toMatchObject({ failure: { kind: 'refused' } });
    const missing = new MuxClient({ open: () => new Promise((_, reject) => dial('/nowhere/usbmuxd').once('error', reject)) });
    expect(await failureOf(missing.listDevices())).toEqual({ step: 'ListDevices', failure: { kind: 'unreachable', code: 'ENOENT' } });
  });

  it('gives up in time, and closes a stream that opens too late', async () => {
    await serve(() => {});
    const { port } = mux;
    let late: Duplex | undefined;
    const slow = new MuxClient({
      connectMs: 30,
      open: async () => {
        await sleep(80);
        late = await opened(port);
        return late;
      },
    });
    expect(await failureOf(slow.listDevices())).toEqual({ step: 'ListDevices', failure: { kind: 'timeout' } });
    await sleep(120);
    expect(late?.destroyed).toBe(true);
  });

  it('takes an exception of `open` as a failure', async () => {
    await serve(() => {});
    const broken = new MuxClient({
      open: () => {
        throw new Error('no');
      },
    });
    expect(await failureOf(broken.listDevices())).toMatchObject({ failure: { kind: 'io' } });
  });
});

describe('stopping', () => {
  it.each(['before', 'during'])('by a signal %s the request', async (when) => {
    const client = await serve(() => {});
    const controller = new AbortController();
    if (when === 'before') controller.abort();
    else setTimeout(() => controller.abort(), 30);
    expect(await failureOf(client.listDevices({ signal: controller.signal }))).toEqual({
      step: 'ListDevices',
      failure: { kind: 'aborted' },
    });
    await mux.abandoned();
  });
});

describe('Connect', () => {
  it('sends the port swapped, and gives the raw stream with the bytes that came along', async () => {
    const client = await serve(({ socket, tag }) => {
      socket.removeAllListeners('data');
      socket.write(Buffer.concat([result(0, tag), Buffer.from('first ')]));
      socket.on('data', (chunk) => socket.end(`echo ${chunk.toString()}`));
    });
    const stream = await client.connect(3, 62078);
    expect(mux.calls[0]?.request).toMatchObject({ MessageType: 'Connect', DeviceID: 3, PortNumber: 32498 });
    expect(swapPort(32498)).toBe(62078);
    stream.write('hello');
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    expect(text).toBe('first echo hello');
  });

  it.each<[number, DeviceFailure]>([
    [2, { kind: 'mux', result: 2 }],
    [3, { kind: 'mux', result: 3 }],
  ])('passes on result %i', async (number, failure) => {
    const client = await serve(({ socket, tag }) => socket.write(result(number, tag)));
    expect(await failureOf(client.connect(3, 62078))).toEqual({ step: 'Connect', failure });
    await mux.abandoned();
  });
});

describe('pair records', () => {
  it('are read, absent, or not permitted', async () => {
    const answers = [
      (tag: number) => encodeMuxPlist({ PairRecordData: new Uint8Array([1, 2]) }, tag),
      (tag: number) => result(2, tag),
      (tag: number) => result(22, tag),
      (tag: number) => result(0, tag),
    ];
    const client = await serve(({ socket, tag }) => socket.write(answers.shift()?.(tag) ?? ''));
    expect(await client.readPairRecord(UDID)).toEqual(new Uint8Array([1, 2]));
    expect(mux.calls[0]?.request).toMatchObject({ MessageType: 'ReadPairRecord', PairRecordID: UDID });
    expect(await client.readPairRecord(UDID)).toBeNull();
    expect(await failureOf(client.readPairRecord(UDID))).toMatchObject({ failure: { kind: 'mux', result: 22 } });
    expect(await failureOf(client.readPairRecord(UDID))).toMatchObject({ failure: { kind: 'garbage' } });
  });

  it('are saved with the device id, and never larger than the daemon takes', async () => {
    const client = await serve(({ socket, tag }) => socket.write(result(0, tag)));
    await client.savePairRecord(UDID, new Uint8Array([1, 2, 3]), 7);
    expect(mux.calls[0]?.request).toMatchObject({
      MessageType: 'SavePairRecord',
      PairRecordID: UDID,
      PairRecordData: new Uint8Array([1, 2, 3]),
      DeviceID: 7,
    });
    expect(await failureOf(client.savePairRecord(UDID, new Uint8Array(65_536), 7))).toMatchObject({
      failure: { kind: 'too-large', limit: 65_536 },
    });
    expect(mux.connections).toBe(1);
  });

  it('are deleted, or were not there', async () => {
    const numbers = [0, 2, 1];
    const client = await serve(({ socket, tag }) => socket.write(result(numbers.shift() ?? 0, tag)));
    expect(await client.deletePairRecord(UDID)).toBe(true);
    expect(await client.deletePairRecord(UDID)).toBe(false);
    expect(await failureOf(client.deletePairRecord(UDID))).toMatchObject({ failure: { kind: 'mux', result: 1 } });
  });

  it('belong to a BUID', async () => {
    const client = await serve(({ socket, tag }) => socket.write(encodeMuxPlist({ BUID: '3014-44' }, tag)));
    expect(await client.readBuid()).toBe('3014-44');
  });
});
