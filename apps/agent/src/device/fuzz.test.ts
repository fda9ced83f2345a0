import { generateKeyPairSync } from 'node:crypto';
import { duplexPair } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PhoneKeys } from '../../test/fake-phone.js';
import { Dice, mutate, pieces } from '../../test/mutation.js';
import { isDict, type PlistDict, PlistError, type PlistValue, parsePlist, writeBinaryPlist, writePlist } from '../machine/index.js';
import { certificateDer, certificateFor } from './certificates.js';
import { DerReader } from './der-read.js';
import { readBattery, readDiagnostics } from './diagnostics-relay.js';
import { DeviceError } from './errors.js';
import { keepBeating, readHeartbeat } from './heartbeat.js';
import { LockdownClient } from './lockdown-client.js';
import { readValue } from './lockdown-domains.js';
import { encodeLockdownFrame, encodeLockdownPlist, LockdownFrames } from './lockdown-frames.js';
import { cloudConfigurationOf } from './mobile-config.js';
import { readAttached, readListing, readSocketAddress } from './mux-devices.js';
import { encodeMuxBinaryResult, encodeMuxPlist, MuxFrames } from './mux-frames.js';
import { NOTICES, readNotice } from './notification-proxy.js';
import { PairRecord, pairRecordMetadata } from './pair-record.js';
import { ServiceConnection } from './service-connection.js';
import { signedData, signerIdentifier } from './signed-data.js';

/**
 * Everything that reads bytes of phones, multiplexers and files, fed with broken ones: it fails with its own error and no other, in
 * bounded time, and what it builds is bounded by what it was given or by its limits.
 */

/** Cases a draw of fast-check stands for: a draw is a seed, and the seed makes these mutations. */
const BATCH = 50;
/** Processor time of a batch: a case takes some microseconds, and what hangs takes for ever. */
const BATCH_CPU_MS = 3_000;
const LIMITS = { bytes: 128 * 1024, values: 8_192, depth: 64 };

const counts = new Map<string, number>();
const MEMORY_BEFORE = process.memoryUsage();

afterAll(() => {
  const all = [...counts.values()].reduce((a, b) => a + b, 0);
  process.stdout.write(`fuzz: ${all} cases (${[...counts].map(([name, n]) => `${name} ${n}`).join(', ')})\n`);
  expect(all).toBeGreaterThanOrEqual(100_000);
  // Buffers that were kept, not garbage of the heap: a leak of a few kilobytes a case would show as hundreds of megabytes.
  expect(process.memoryUsage().arrayBuffers - MEMORY_BEFORE.arrayBuffers).toBeLessThan(128 * 1024 * 1024);
});

/** Mutates a corpus `draws` times fifty cases and tries each; a failure names the seed and the bytes. */
function fuzz(name: string, draws: number, corpus: () => Buffer[], tried: (bytes: Buffer, dice: Dice) => void): void {
  it(name, () => {
    const inputs = corpus();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (seed) => {
        const dice = new Dice(seed);
        const began = process.cpuUsage();
        for (let i = 0; i < BATCH; i++) {
          const bytes = mutate(dice, inputs);
          try {
            tried(bytes, dice);
          } catch (error) {
            throw new Error(`case ${i} of seed ${seed}: ${String(error)}\n${bytes.toString('hex').slice(0, 4_000)}`, { cause: error });
          }
        }
        counts.set(name, (counts.get(name) ?? 0) + BATCH);
        const { user, system } = process.cpuUsage(began);
        expect((user + system) / 1_000).toBeLessThan(BATCH_CPU_MS);
      }),
      { numRuns: draws },
    );
  });
}

/** As `expect`, a hundred times faster: it is asked some hundred thousand times. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** The value, or null when it was refused with the error that is meant for that. */
function orRefused<T>(refusal: new (...args: never[]) => Error, read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof refusal) return null;
    throw error;
  }
}

/** Values and keys of a list, and the bytes of its texts and data, each counted as often as it occurs. */
function sizeOf(value: PlistValue): { values: number; bytes: number } {
  const size = { values: 0, bytes: 0 };
  const walk = (v: PlistValue): void => {
    size.values++;
    if (typeof v === 'string' || v instanceof Uint8Array) size.bytes += v.length;
    else if (Array.isArray(v)) for (const item of v) walk(item);
    else if (isDict(v)) {
      for (const [key, item] of Object.entries(v)) {
        size.values++;
        size.bytes += key.length;
        walk(item);
      }
    }
  };
  walk(value);
  return size;
}

const nested = (depth: number): PlistValue => (depth === 0 ? 'deep' : [nested(depth - 1), { k: depth }]);
const VALUES: PlistDict[] = [
  { Request: 'GetValue', Key: 'DeviceName', Value: 'Zoë’s iPhone 📱', Empty: '', Odd: '<&>"\'' },
  { numbers: [0, 1, -1, 255, 65_536, 2 ** 53 - 1, 2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n, 1.5, -0.25, 1e300] },
  { flags: [true, false], at: new Date(0), late: new Date('9999-12-31T23:59:59Z'), data: new Uint8Array(300).fill(7) },
  { deep: nested(12), wide: Array.from({ length: 300 }, (_, i) => i), dict: { __proto__x: 1, constructor: 'y' } },
  {},
];
const XML_ODD = [
  '<plist><dict><key>a</key><string>x<![CDATA[<&]]>&lt;&#65;&#x42;<!-- c --></string></dict></plist>',
  `<plist>${'<array>'.repeat(40)}${'</array>'.repeat(40)}</plist>`,
  '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd"><plist version="1.0"><data>AQIDBA==</data></plist>',
  '<!DOCTYPE plist [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><plist><string>&b;</string></plist>',
  `<plist><string>${'&amp;'.repeat(200)}</string></plist>`,
  '<plist><date>2026-02-28T23:59:59Z</date></plist>',
].map((text) => Buffer.from(text));
const xmlCorpus = () => [...VALUES.map(writePlist), ...XML_ODD];
const binaryCorpus = () => VALUES.map(writeBinaryPlist);

describe('property lists', () => {
  fuzz('XML', 400, xmlCorpus, (bytes) => {
    const value = orRefused(PlistError, () => parsePlist(bytes, LIMITS));
    if (value === null || bytes.subarray(0, 8).toString('latin1') === 'bplist00') return;
    const size = sizeOf(value);
    // XML names everything once: nothing grows.
    must(size.bytes <= bytes.length && size.values <= bytes.length, 'grew');
  });

  fuzz('binary', 400, binaryCorpus, (bytes) => {
    const value = orRefused(PlistError, () => parsePlist(bytes, LIMITS));
    if (value === null) return;
    const size = sizeOf(value);
    // An object may be named many times, so the limits are what bounds it; doubled keys of a dictionary are paid for and count once.
    must(size.values <= LIMITS.values && size.bytes <= LIMITS.bytes, 'beyond its limits');
  });

  it('that were read can be written again, and read as the same', () => {
    const corpus = [...xmlCorpus(), ...binaryCorpus()];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (seed) => {
        const dice = new Dice(seed);
        for (let i = 0; i < BATCH; i++) {
          const value = orRefused(PlistError, () => parsePlist(mutate(dice, corpus), LIMITS));
          if (value !== null) must(isDeepStrictEqual(parsePlist(writeBinaryPlist(value)), value), `changed: seed ${seed}`);
        }
        counts.set('rewritten', (counts.get('rewritten') ?? 0) + BATCH);
      }),
      { numRuns: 60 },
    );
  });
});

describe('frames', () => {
  const plist = { MessageType: 'Result', Number: 0 };
  const muxCorpus = () => [
    Buffer.concat([encodeMuxPlist(plist, 1), encodeMuxPlist({ DeviceList: [] }, 2), encodeMuxBinaryResult(0, 3)]),
    encodeMuxPlist({ PairRecordData: new Uint8Array(2_000) }, 7),
    encodeMuxBinaryResult(3, 9),
  ];
  const lockdownCorpus = () => [
    Buffer.concat([encodeLockdownPlist({ Request: 'QueryType' }), encodeLockdownPlist(plist), encodeLockdownFrame(Buffer.from('x'))]),
    encodeLockdownFrame(writeBinaryPlist({ Value: new Uint8Array(500) })),
  ];

  /** Cuts the bytes, delivered in pieces; what came out and what is left are the bytes that went in. */
  function cut(
    source: { feed(chunk: Buffer): void; next(): unknown; rest(): Buffer; midFrame: boolean },
    bytes: Buffer,
    dice: Dice,
    sizeOfFrame: (frame: never) => number,
    headerBytes: number,
  ): void {
    let out = 0;
    let frames = 0;
    const whole = orRefused(DeviceError, () => {
      for (const piece of pieces(dice, bytes)) {
        source.feed(piece);
        for (let frame = source.next(); frame !== null; frame = source.next()) {
          out += sizeOfFrame(frame as never);
          frames++;
        }
      }
      return true;
    });
    must(frames * headerBytes <= bytes.length, 'more frames than there is room for');
    if (whole === null) {
      // A border that is lost stays lost.
      must(orRefused(DeviceError, () => [source.next()]) === null, 'cut on after a fault');
      must(orRefused(DeviceError, () => [source.feed(Buffer.alloc(1))]) === null, 'took more after a fault');
      must(out <= bytes.length, 'grew');
    } else must(out + source.rest().length === bytes.length, 'bytes lost');
  }

  fuzz('usbmux', 250, muxCorpus, (bytes, dice) => cut(new MuxFrames(), bytes, dice, (f: { body: Buffer }) => 16 + f.body.length, 16));
  fuzz('lockdown', 250, lockdownCorpus, (bytes, dice) => cut(new LockdownFrames(64 * 1024), bytes, dice, (f: Buffer) => 4 + f.length, 4));

  it('cost nothing for a length that is only announced', () => {
    const before = process.memoryUsage().arrayBuffers;
    const open: LockdownFrames[] = [];
    for (let i = 0; i < 1_000; i++) {
      const frames = new LockdownFrames();
      // 16 MiB announced, one byte sent.
      expect(frames.push(Buffer.from('0100000000', 'hex'))).toEqual([]);
      open.push(frames);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    expect(open).toHaveLength(1_000);
  });
});

describe('records, certificates, signatures', () => {
  const keys = new PhoneKeys();
  let record: Buffer;
  let der: Buffer;
  let signed: Buffer;
  beforeAll(async () => {
    const paired = await keys.paired();
    record = paired.granted({ escrowBag: new Uint8Array(32), wifiMacAddress: '00:11:22:33:44:55' }).serialise();
    der = paired.deviceCertificate();
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const certificate = certificateFor({ role: 'host', serial: 300, subjectKey: publicKey, issuerKey: privateKey, now: new Date() });
    signed = signedData({ content: Buffer.alloc(32), certificate, privateKey, now: new Date() });
  });

  fuzz(
    'pair records',
    100,
    () => [record, writeBinaryPlist(parsePlist(record))],
    (bytes) => {
      const metadata = pairRecordMetadata(bytes, null);
      const read = orRefused(DeviceError, () => PairRecord.parse(bytes));
      must(metadata.keys.length <= 32 && metadata.complete === (read !== null), 'metadata tells another story');
      if (read === null) return;
      orRefused(DeviceError, () => read.deviceCertificate());
      must(read.serialise().length <= bytes.length * 6 + 2_000, 'grew');
    },
  );

  fuzz(
    'DER',
    300,
    () => [der, signed],
    (bytes) => {
      orRefused(DeviceError, () => signerIdentifier(bytes));
      // As deep as it goes: each element is read at most once a level.
      let elements = 0;
      const walk = (reader: DerReader, depth: number): void => {
        while (!reader.done) {
          elements++;
          const element = reader.next();
          if ((element.tag & 0x20) !== 0 && depth < 20) walk(new DerReader(element.content), depth + 1);
        }
      };
      orRefused(DeviceError, () => walk(new DerReader(bytes), 0));
      must(elements <= bytes.length * 20, 'more elements than bytes');
    },
  );

  it('certificates are read or refused', () => {
    const dice = new Dice(7);
    for (let i = 0; i < 1_000; i++) orRefused(DeviceError, () => certificateDer(mutate(dice, [der])));
    counts.set('certificates', 1_000);
  });
});

describe('answers', () => {
  const battery = { CycleCount: 212, DesignCapacity: 3_227, NominalChargeCapacity: 2_904, Temperature: 2_910 };
  const ANSWERS: PlistDict[] = [
    { Command: 'Marco', Interval: 10 },
    { Command: 'SleepyTime' },
    { Command: 'RelayNotification', Name: NOTICES.requestPair },
    { Command: 'ProxyDeath' },
    { Status: 'Success', Diagnostics: { IORegistry: battery, GasGauge: battery } },
    { Status: 'Acknowledged', CloudConfiguration: { IsSupervised: true, OrganizationName: 'x', AllowPairing: false } },
    {
      MessageType: 'Attached',
      DeviceID: 3,
      Properties: {
        ConnectionType: 'Network',
        SerialNumber: '00008030-001A35E40123802E',
        NetworkAddress: Buffer.from('1c1ef27e00000000fe80000000000000041a2bfffe3c4d5e0e000000', 'hex'),
        EscapedFullServiceName: 'x',
        InterfaceIndex: 4,
      },
    },
  ];
  const corpus = () => [...ANSWERS, { DeviceList: ANSWERS }].flatMap((a) => [writePlist(a), writeBinaryPlist(a)]);

  fuzz('messages', 400, corpus, (bytes) => {
    const value = orRefused(PlistError, () => parsePlist(bytes, LIMITS));
    if (!isDict(value ?? undefined)) return;
    const message = value as PlistDict;
    const beat = readHeartbeat(message);
    if (beat?.says === 'marco') must(beat.intervalMs >= 1_000 && beat.intervalMs <= 600_000, 'interval');
    const notice = readNotice(message);
    if (notice?.says === 'notice') must(Object.values(NOTICES).includes(notice.name), 'notice');
    for (const part of ['IORegistry', 'GasGauge']) {
      const health = readBattery(readDiagnostics(message, part) ?? {});
      for (const n of Object.values(health)) must(n === null || Number.isFinite(n), 'battery');
      must((health.healthPercent ?? 0) <= 150, 'health');
    }
    cloudConfigurationOf(message);
    const listing = readListing(message);
    if (listing !== null) must(listing.devices.length + listing.unreadable <= LIMITS.values, 'listing');
    const device = readAttached(message);
    if (device?.network) must((device.network.serviceName ?? '').length <= 255, 'service name');
    for (const item of Object.values(message)) for (const kind of ['text', 'number', 'count', 'flag'] as const) readValue(item, kind);
  });

  fuzz(
    'socket addresses',
    100,
    () => [Buffer.from('10020000c0a80114', 'hex'), Buffer.from('1c1ef27e00000000fe80000000000000041a2bfffe3c4d5e0e000000', 'hex')],
    (bytes) => must((readSocketAddress(bytes) ?? '').length <= 45, 'address'),
  );
});

describe('conversations', () => {
  /** A phone that says these bytes, whatever it is asked, and hangs up. */
  function phoneThatSays(bytes: Buffer, dice: Dice) {
    const [here, there] = duplexPair();
    there.on('error', () => {});
    here.on('error', () => {});
    there.resume();
    for (const piece of pieces(dice, bytes)) there.write(piece);
    there.end();
    return { here, there };
  }

  it('end with a DeviceError and closed streams, whatever the phone says', async () => {
    const lockdown = [
      encodeLockdownPlist({ Request: 'QueryType', Type: 'com.apple.mobile.lockdown' }),
      encodeLockdownFrame(writeBinaryPlist({ Request: 'QueryType', Error: 'InvalidHostID' })),
      encodeLockdownPlist({ Request: 'QueryType', Result: 'Failure' }),
    ];
    const beats = [encodeLockdownPlist({ Command: 'Marco', Interval: 10 }), encodeLockdownPlist({ Command: 'SleepyTime' })];
    const dice = new Dice(20_260_301);
    let said = 0;
    for (let i = 0; i < 1_000; i++) {
      const phone = phoneThatSays(mutate(dice, lockdown), dice);
      const client = new LockdownClient(phone.here, { replyMs: 20_000 });
      const answer: unknown = await client.queryType().catch((error: unknown) => error);
      must(typeof answer === 'string' || answer instanceof DeviceError, String(answer));
      client.destroy();
      must(phone.here.destroyed, 'left open');
      phone.there.destroy();
      const heart = phoneThatSays(mutate(dice, beats), dice);
      const connection = new ServiceConnection(heart.here, { service: 'heartbeat', certificate: 'matches' });
      const end = await keepBeating(connection, { signal: new AbortController().signal });
      must(end.end !== 'stopped', end.end);
      must(heart.here.destroyed, 'left open');
      heart.there.destroy();
      said += 2;
    }
    counts.set('conversations', said);
  });
});
