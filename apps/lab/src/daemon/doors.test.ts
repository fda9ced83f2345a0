import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  encodeLockdownPlist,
  encodeMuxFrame,
  encodeMuxPlist,
  LOCKDOWN_PORT,
  LockdownClient,
  MuxClient,
  PairRecord,
  writePlist,
} from '@lockstep/agent/device';
import fc from 'fast-check';
import { linkedStreams } from '../phone/index.js';
import { Bench } from './bench.js';

/** Values that a property list can hold, of any shape. */
const plistValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: fc.constantFrom('a', '/', '.', '-', 'é', ' ', '0') }),
    fc.integer(),
    fc.boolean(),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('HostID', 'Key', 'PairRecord', 'x'), tie('value'), { maxKeys: 3 }),
  ),
})).value as fc.Arbitrary<string>;
const muxWords = fc.constantFrom(
  'ListDevices',
  'Listen',
  'ListListeners',
  'ReadBUID',
  'ReadPairRecord',
  'SavePairRecord',
  'DeletePairRecord',
  'Connect',
  'x',
);
const muxMessage = fc
  .tuple(muxWords, fc.dictionary(fc.constantFrom('PairRecordID', 'PairRecordData', 'DeviceID', 'PortNumber', 'ProgName'), plistValue))
  .map(([MessageType, rest]) => encodeMuxPlist({ MessageType, ...rest }, 1));
const muxBytes = fc.oneof(
  muxMessage,
  fc
    .tuple(fc.nat(3), fc.nat(9), fc.uint8Array({ maxLength: 40 }))
    .map(([version, message, body]) => encodeMuxFrame({ version, message, tag: 1, body })),
  fc.uint8Array({ maxLength: 64 }),
);
const lockdownWords = fc.constantFrom(
  'QueryType',
  'GetValue',
  'SetValue',
  'Pair',
  'Unpair',
  'StartSession',
  'StopSession',
  'StartService',
  'Goodbye',
  'x',
);
const lockdownKeys = fc.constantFrom(
  'Domain',
  'Key',
  'Value',
  'PairRecord',
  'ProtocolVersion',
  'HostID',
  'SessionID',
  'Service',
  'EscrowBag',
);
const lockdownBytes = fc.oneof(
  fc.tuple(lockdownWords, fc.dictionary(lockdownKeys, plistValue)).map(([Request, rest]) => encodeLockdownPlist({ Request, ...rest })),
  fc.uint8Array({ maxLength: 64 }),
  fc.uint8Array({ maxLength: 64 }).map((b) => Buffer.concat([Buffer.from([0, 0, 0, b.length]), b])),
);

describe('whatever comes in at the doors', () => {
  let dir: string;
  let bench: Bench;
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lockstep-lab-test-'));
    bench = new Bench({ seed: 'doors', recordsDir: join(dir, 'records') });
    bench.add({ name: 'anna' });
    await bench.begin('anna', 'paired');
    bench.plug('anna');
    await bench.mux.start();
    process.on('warning', onWarning);
  });
  afterAll(async () => {
    process.off('warning', onWarning);
    await bench.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const dial = (): Duplex => {
    const [here, there] = linkedStreams();
    here.on('error', () => {});
    here.resume();
    bench.mux.serve(there);
    return here;
  };
  /** Lets everything that is under way come to its end. */
  const settled = () => new Promise((done) => setTimeout(done, 2));
  const client = new MuxClient({ open: async () => dial() });
  const lockdown = async () => new LockdownClient(await client.connect(bench.mux.attached[0]?.deviceId ?? 0, LOCKDOWN_PORT));

  it('the multiplexer lives on and still lists the phone', async () => {
    const record = bench.mux.records.read(bench.phone('anna').udid);
    await fc.assert(
      fc.asyncProperty(fc.array(muxBytes, { maxLength: 6 }), fc.integer({ min: 1, max: 50 }), async (messages, piece) => {
        const stream = dial();
        const all = Buffer.concat(messages);
        for (let at = 0; at < all.length && !stream.destroyed; at += piece) stream.write(all.subarray(at, at + piece));
        await settled();
        stream.destroy();
      }),
      { numRuns: 80 },
    );
    expect((await client.listDevices()).devices).toHaveLength(1);
    expect(bench.mux.records.read(bench.phone('anna').udid)).toEqual(record);
  });

  it('lockdownd lives on, trusts whom it trusted, and still opens a session', async () => {
    const phone = bench.phone('anna');
    const hosts = phone.trustedHosts;
    await fc.assert(
      fc.asyncProperty(fc.array(lockdownBytes, { maxLength: 6 }), fc.integer({ min: 1, max: 50 }), async (messages, piece) => {
        const stream = await client.connect(bench.mux.attached[0]?.deviceId ?? 0, LOCKDOWN_PORT);
        stream.on('error', () => {});
        stream.resume();
        const all = Buffer.concat(messages);
        for (let at = 0; at < all.length && !stream.destroyed; at += piece) stream.write(all.subarray(at, at + piece));
        await settled();
        stream.destroy();
      }),
      { numRuns: 80 },
    );
    expect(phone.trustedHosts).toEqual(hosts);
    expect(phone.dialog).toBeNull();
    await opensSession();
  });

  it('so does a session that gets garbage for TLS', async () => {
    const [HostID] = bench.phone('anna').trustedHosts;
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (noise, asRecord) => {
        const stream = await client.connect(bench.mux.attached[0]?.deviceId ?? 0, LOCKDOWN_PORT);
        stream.on('error', () => {});
        stream.write(encodeLockdownPlist({ Request: 'StartSession', HostID: HostID ?? '' }));
        await new Promise((done) => stream.once('data', done).resume());
        stream.write(asRecord ? Buffer.concat([Buffer.from([22, 3, 3, 0, noise.length]), noise]) : noise);
        await settled();
        stream.destroy();
      }),
      { numRuns: 40 },
    );
    await opensSession();
  });

  async function opensSession(): Promise<void> {
    const stored = await client.readPairRecord(bench.phone('anna').udid);
    const talk = await lockdown();
    await talk.startSession(PairRecord.parse(stored ?? writePlist({})));
    expect(await talk.getValue(null, 'SerialNumber')).toBe(bench.phone('anna').identity.serialNumber);
    await talk.close();
    expect(warnings).toEqual([]);
  }
});
