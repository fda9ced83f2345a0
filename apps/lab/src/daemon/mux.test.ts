import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DeviceError,
  encodeLockdownPlist,
  encodeMuxFrame,
  encodeMuxPlist,
  LockdownFrames,
  MuxClient,
  type MuxFrame,
  MuxFrames,
  type PlistDict,
  parsePlistDict,
  swapPort,
  writePlist,
} from '@lockstep/agent/device';
import { linkedStreams, SimulatedPhone } from '../phone/index.js';
import { SimulatedMux } from './mux.js';

/** A client that speaks bytes. */
class Bytes {
  private readonly frames: MuxFrame[] = [];
  private readonly cutter = new MuxFrames();
  private wake: (() => void) | null = null;
  closed = false;

  constructor(readonly stream: Duplex) {
    stream.on('data', (chunk: Buffer) => {
      this.frames.push(...this.cutter.push(chunk));
      this.wake?.();
    });
    stream.on('close', () => this.end());
    stream.on('end', () => this.end());
    stream.on('error', () => {});
  }

  send(bytes: Uint8Array): this {
    this.stream.write(bytes);
    return this;
  }

  ask(message: PlistDict, tag = 7): Promise<PlistDict> {
    this.send(encodeMuxPlist(message, tag));
    return this.plist(tag);
  }

  async frame(): Promise<MuxFrame> {
    while (this.frames.length === 0) {
      if (this.closed) throw new Error('closed without a frame');
      await new Promise<void>((done) => {
        this.wake = done;
      });
    }
    return this.frames.shift() as MuxFrame;
  }

  async plist(tag = 0): Promise<PlistDict> {
    const frame = await this.frame();
    expect([frame.version, frame.message, frame.tag]).toEqual([1, 8, tag]);
    return parsePlistDict(frame.body);
  }

  /** Binary result: its number. */
  async number(tag: number): Promise<number> {
    const frame = await this.frame();
    expect([frame.version, frame.message, frame.tag]).toEqual([0, 1, tag]);
    return frame.body.readUInt32LE(0);
  }

  async untilClosed(): Promise<void> {
    while (!this.closed) {
      await new Promise<void>((done) => {
        this.wake = done;
      });
    }
  }

  /** Nothing came, after the daemon answered something else that was asked later. */
  get silent(): boolean {
    return this.frames.length === 0;
  }

  private end(): void {
    this.closed = true;
    this.wake?.();
  }
}

describe('SimulatedMux', () => {
  let dir: string;
  let mux: SimulatedMux;
  let phone: SimulatedPhone;
  const streams: Duplex[] = [];

  const dial = (): Bytes => {
    const [here, there] = linkedStreams();
    streams.push(here);
    mux.serve(there);
    return new Bytes(here);
  };
  const plug = () => mux.attach(phone, { busnum: 1, devnum: 5, speedMbps: 480 });

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lockstep-lab-test-'));
    mux = new SimulatedMux({ recordsDir: join(dir, 'records'), seed: 'mux' });
    phone = new SimulatedPhone({ name: 'anna', seed: 'mux-anna' });
    await mux.start();
  });
  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.destroy();
    phone.close();
    await mux.close();
    rmSync(dir, { recursive: true, force: true });
  });

  describe('answers as usbmuxd 1.1.1 was measured', () => {
    it('lists devices with the properties that clients read', async () => {
      expect(await dial().ask({ MessageType: 'ListDevices' })).toEqual({ DeviceList: [] });
      plug();
      const { DeviceList } = await dial().ask({ MessageType: 'ListDevices' });
      expect(DeviceList).toEqual([
        {
          DeviceID: 1,
          MessageType: 'Attached',
          Properties: {
            ConnectionSpeed: 480_000_000,
            ConnectionType: 'USB',
            DeviceID: 1,
            LocationID: 0x10005,
            ProductID: 0x12a8,
            SerialNumber: phone.udid,
          },
        },
      ]);
    });

    it('reads the BUID, the same after a restart of the lab', async () => {
      const { BUID } = await dial().ask({ MessageType: 'ReadBUID' });
      expect(BUID).toMatch(/^[0-9A-F-]{36}$/);
      const later = new SimulatedMux({ recordsDir: join(dir, 'records'), seed: 'another seed' });
      expect(later.records.buid).toBe(BUID);
    });

    it.each([
      ['ReadPairRecord of an unknown id', { MessageType: 'ReadPairRecord', PairRecordID: 'f'.repeat(40) }, 2],
      ['ReadPairRecord without id', { MessageType: 'ReadPairRecord' }, 22],
      ['ReadPairRecord of a path', { MessageType: 'ReadPairRecord', PairRecordID: '../../etc/passwd' }, 2],
      ['SavePairRecord incomplete', { MessageType: 'SavePairRecord', PairRecordID: 'f'.repeat(40) }, 22],
      [
        'SavePairRecord of no property list',
        { MessageType: 'SavePairRecord', PairRecordID: 'f'.repeat(40), PairRecordData: Buffer.from('x') },
        22,
      ],
      ['SavePairRecord to a path', { MessageType: 'SavePairRecord', PairRecordID: '../x', PairRecordData: writePlist({}) }, 22],
      ['DeletePairRecord unknown', { MessageType: 'DeletePairRecord', PairRecordID: 'f'.repeat(40) }, 2],
      ['Connect to an unknown device', { MessageType: 'Connect', DeviceID: 99, PortNumber: 1 }, 2],
      ['Connect without a device', { MessageType: 'Connect', PortNumber: 1 }, 2],
      ['Connect without a port', { MessageType: 'Connect', DeviceID: 1 }, 1],
      ['an unknown message', { MessageType: 'Nonsense' }, 1],
    ] satisfies [string, PlistDict, number][])('%s', async (_, message, number) => {
      expect(await dial().ask(message)).toEqual({ MessageType: 'Result', Number: number });
    });

    it('says nothing to a list without type and to what is no list, and stays', async () => {
      const client = dial();
      client
        .send(encodeMuxFrame({ version: 1, message: 8, tag: 1, body: Buffer.from('garbage') }))
        .send(encodeMuxPlist({ DeviceID: 3 }, 2));
      expect(await client.ask({ MessageType: 'ListDevices' }, 3)).toEqual({ DeviceList: [] });
      expect(client.silent).toBe(true);
    });

    it('answers binary until the first property list', async () => {
      const client = dial();
      client.send(encodeMuxFrame({ version: 2, message: 8, tag: 5, body: Buffer.alloc(0) }));
      expect(await client.number(5)).toBe(6);
      client.send(encodeMuxFrame({ version: 1, message: 99, tag: 6, body: Buffer.alloc(0) }));
      expect(await client.number(6)).toBe(1);
      await client.ask({ MessageType: 'ListDevices' }, 7);
      client.send(encodeMuxFrame({ version: 2, message: 8, tag: 8, body: Buffer.alloc(0) }));
      expect(await client.plist(8)).toEqual({ MessageType: 'Result', Number: 6 });
    });

    it('speaks the old binary protocol', async () => {
      plug();
      const listener = dial().send(encodeMuxFrame({ version: 0, message: 3, tag: 4, body: Buffer.alloc(0) }));
      expect(await listener.number(4)).toBe(0);
      const add = await listener.frame();
      expect([add.version, add.message, add.body.length, add.body.readUInt32LE(0), add.body.readUInt16LE(4)]).toEqual([
        0, 4, 268, 1, 0x12a8,
      ]);
      expect(add.body.toString('latin1', 6, 6 + phone.udid.length + 1)).toBe(`${phone.udid}\0`);
      const body = Buffer.alloc(8);
      body.writeUInt32LE(1, 0);
      body.writeUInt16BE(62_078, 4);
      const client = dial().send(encodeMuxFrame({ version: 0, message: 2, tag: 9, body }));
      expect(await client.number(9)).toBe(0);
      mux.detach(phone);
      const remove = await listener.frame();
      expect([remove.message, remove.body.readUInt32LE(0)]).toEqual([5, 1]);
    });

    it.each([15, 65_537, 0xffffffff])('hangs up on a length of %i', async (length) => {
      const header = Buffer.alloc(16);
      header.writeUInt32LE(length, 0);
      await dial().send(header).untilClosed();
    });

    it('understands a request however it is cut', async () => {
      const client = dial();
      for (const byte of encodeMuxPlist({ MessageType: 'ReadBUID' }, 1)) client.send(Buffer.from([byte]));
      client.send(Buffer.concat([encodeMuxPlist({ MessageType: 'ListDevices' }, 2), encodeMuxPlist({ MessageType: 'ListDevices' }, 3)]));
      expect(Object.keys(await client.plist(1))).toEqual(['BUID']);
      expect([await client.plist(2), await client.plist(3)]).toEqual([{ DeviceList: [] }, { DeviceList: [] }]);
    });
  });

  it('tells a listener what is there, what comes and what goes, and takes no command from it', async () => {
    plug();
    const listener = dial().send(encodeMuxPlist({ MessageType: 'Listen', ProgName: 'test', kLibUSBMuxVersion: 3 }, 5));
    expect(await listener.plist(5)).toEqual({ MessageType: 'Result', Number: 0 });
    expect(await listener.plist()).toMatchObject({ MessageType: 'Attached', DeviceID: 1 });
    const { ListenerList } = await dial().ask({ MessageType: 'ListListeners' });
    expect(ListenerList).toEqual([expect.objectContaining({ ProgName: 'test', kLibUSBMuxVersion: 3 })]);
    mux.detach(phone);
    expect(await listener.plist()).toEqual({ MessageType: 'Detached', DeviceID: 1 });
    expect(plug()).toBe(2);
    expect(await listener.plist()).toMatchObject({ MessageType: 'Attached', DeviceID: 2 });
    const save: PlistDict = { MessageType: 'SavePairRecord', PairRecordID: phone.udid, PairRecordData: writePlist({ HostID: 'x' }) };
    expect(await dial().ask({ ...save, DeviceID: 77 })).toEqual({ MessageType: 'Result', Number: 0 });
    expect(await dial().ask({ ...save, DeviceID: 2 })).toEqual({ MessageType: 'Result', Number: 0 });
    expect(await listener.plist()).toEqual({ MessageType: 'Paired', DeviceID: 2 });
    listener.send(encodeMuxPlist({ MessageType: 'ListDevices' }, 6));
    expect(await listener.plist(6)).toEqual({ MessageType: 'Result', Number: 1 });
    await listener.untilClosed();
  });

  it('keeps records in files that only their owner reads', async () => {
    const record = writePlist({ HostID: 'x', SystemBUID: 'y' });
    const client = new MuxClient({ open: async () => dial().stream });
    await client.savePairRecord(phone.udid, record, 1);
    expect(Buffer.from((await client.readPairRecord(phone.udid)) ?? [])).toEqual(record);
    const file = join(dir, 'records', `${phone.udid}.plist`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'records')).mode & 0o777).toBe(0o700);
    // A record that was readable by others is not when it is saved again.
    writeFileSync(file, record, { mode: 0o644 });
    await client.savePairRecord(phone.udid, record, 1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await client.deletePairRecord(phone.udid)).toBe(true);
    expect(await client.deletePairRecord(phone.udid)).toBe(false);
    expect(readdirSync(join(dir, 'records'))).not.toContain(`${phone.udid}.plist`);
  });

  it('connects to lockdownd, also for a client that does not wait for the result', async () => {
    plug();
    const [here, there] = linkedStreams();
    streams.push(here);
    mux.serve(there);
    here.write(
      Buffer.concat([
        encodeMuxPlist({ MessageType: 'Connect', DeviceID: 1, PortNumber: swapPort(62_078) }, 1),
        encodeLockdownPlist({ Request: 'QueryType' }),
      ]),
    );
    const received: Buffer[] = [];
    const answer = await new Promise<PlistDict>((done) => {
      here.on('data', (chunk: Buffer) => {
        received.push(chunk);
        const all = Buffer.concat(received);
        const result = all.length >= 4 ? all.readUInt32LE(0) : Number.POSITIVE_INFINITY;
        const body = all.length > result ? new LockdownFrames().push(all.subarray(result))[0] : undefined;
        if (body !== undefined) done(parsePlistDict(body));
      });
    });
    expect(answer).toEqual({ Request: 'QueryType', Type: 'com.apple.mobile.lockdown' });
  });

  it('refuses ports where nobody listens, and cuts what runs when the phone goes', async () => {
    plug();
    expect(await dial().ask({ MessageType: 'Connect', DeviceID: 1, PortNumber: swapPort(1234) })).toEqual({
      MessageType: 'Result',
      Number: 3,
    });
    const running = dial();
    expect(await running.ask({ MessageType: 'Connect', DeviceID: 1, PortNumber: swapPort(62_078) })).toEqual({
      MessageType: 'Result',
      Number: 0,
    });
    mux.detach(phone);
    await running.untilClosed();
  });

  it('is another process after a restart: new pid, device ids from 1, connections cut', async () => {
    plug();
    mux.detach(phone);
    expect(plug()).toBe(2);
    const listener = dial();
    await listener.ask({ MessageType: 'Listen' });
    const before = mux.pid;
    await mux.restart();
    await listener.untilClosed();
    expect(mux.pid).not.toBe(before);
    expect(mux.restarts).toBe(1);
    expect(mux.attached.map((a) => a.deviceId)).toEqual([1]);
    await mux.stop();
    expect(mux.pid).toBeNull();
    expect(plug()).toBeNull();
    await dial().untilClosed();
  });

  describe('faults', () => {
    const failureOf = async (work: Promise<unknown>) => {
      const error = await work.then(
        () => null,
        (e: unknown) => e,
      );
      return error instanceof DeviceError ? error.failure.kind : error;
    };
    const client = (path: string) =>
      new MuxClient({
        open: () =>
          new Promise<Duplex>((done, fail) => {
            const socket = createConnection(path);
            streams.push(socket);
            socket.once('connect', () => done(socket));
            socket.once('error', fail);
          }),
        replyMs: 200,
      });

    it('are seen by a client on a real socket, and end', async () => {
      const path = join(dir, 'usbmuxd');
      await mux.stop();
      expect(await mux.listen({ kind: 'unix', path })).toBe(`UNIX:${path}`);
      const look = () => failureOf(client(path).listDevices());
      expect(await look()).toBeNull();
      await mux.setFault('mux-silent');
      expect(await look()).toBe('timeout');
      await mux.setFault('mux-garbage');
      expect(await look()).toBe('garbage');
      const before = mux.pid;
      await mux.setFault('mux-stopped');
      expect([mux.pid, readdirSync(dir).includes('usbmuxd')]).toEqual([null, false]);
      expect(await look()).toBe('unreachable');
      await mux.setFault(null);
      expect(await look()).toBeNull();
      expect(mux.pid).not.toBe(before);
      await mux.setFault('mux-crashed');
      expect(readdirSync(dir)).toContain('usbmuxd');
      expect(await look()).toBe('refused');
      // Starting it is the cure, as for a service.
      await mux.start();
      expect([await look(), mux.fault]).toEqual([null, null]);
      await mux.setFault('mux-crashed');
      await mux.close();
      expect(readdirSync(dir)).not.toContain('usbmuxd');
    });

    it('never take an address from somebody who uses it', async () => {
      const path = join(dir, 'usbmuxd');
      await mux.stop();
      await mux.listen({ kind: 'unix', path });
      const second = new SimulatedMux({ recordsDir: join(dir, 'second'), seed: '2' });
      await expect(second.listen({ kind: 'unix', path })).rejects.toThrow('somebody listens there already');
      writeFileSync(join(dir, 'file'), 'kept');
      await expect(second.listen({ kind: 'unix', path: join(dir, 'file') })).rejects.toThrow('is not a socket');
      await expect(second.listen({ kind: 'unix', path: join(dir, 'none', 's') })).rejects.toThrow('its folder does not exist');
    });
  });
});
