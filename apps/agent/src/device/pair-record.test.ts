import type { KeyObject } from 'node:crypto';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { format, inspect } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parsePlistDict, writeBinaryPlist, writePlist } from '../machine/index.js';
import { certificateDer, certificateFor, certificatePem, devicePublicKey } from './certificates.js';
import { DeviceError } from './errors.js';
import { newPairRecord, PairRecord, pairRecordMetadata } from './pair-record.js';

const NOW = new Date('2026-11-24T12:00:00Z');
const BUID = '30142955-444094379208051516';
const phone = generateKeyPairSync('rsa', { modulusLength: 2048 });
const phonePem = phone.publicKey.export({ type: 'pkcs1', format: 'pem' }) as string;

let record: PairRecord;
let values: Record<string, unknown>;
const certificate = (key: string) => new X509Certificate(values[key] as Uint8Array);
const samePublicKey = (a: KeyObject, b: KeyObject) =>
  a.export({ type: 'spki', format: 'der' }).equals(b.export({ type: 'spki', format: 'der' }));

beforeAll(async () => {
  record = await newPairRecord(phonePem, { systemBuid: BUID, now: NOW });
  values = parsePlistDict(record.serialise());
});

describe('a new pair record', () => {
  it('holds what a session needs and nothing else', () => {
    expect(Object.keys(values).sort()).toEqual([
      'DeviceCertificate',
      'HostCertificate',
      'HostID',
      'HostPrivateKey',
      'RootCertificate',
      'RootPrivateKey',
      'SystemBUID',
    ]);
    expect(values.HostID).toMatch(/^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
    expect(values.SystemBUID).toBe(BUID);
    expect(record.hasEscrowBag).toBe(false);
  });

  it('shows the phone no private key', () => {
    const shown = record.forPhone();
    expect(Object.keys(shown).sort()).toEqual(['DeviceCertificate', 'HostCertificate', 'HostID', 'RootCertificate', 'SystemBUID']);
    expect(writePlist(shown).toString()).not.toContain(Buffer.from('PRIVATE').toString('base64').slice(0, 8));
    for (const value of Object.values(shown)) expect(Buffer.from(value as Uint8Array).toString()).not.toContain('PRIVATE');
  });

  it('has a root that signed itself, a host and a device that it signed', () => {
    const root = certificate('RootCertificate');
    expect(root.ca).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    for (const key of ['HostCertificate', 'DeviceCertificate']) {
      const leaf = certificate(key);
      expect(leaf.ca).toBe(false);
      expect(leaf.verify(root.publicKey)).toBe(true);
      expect(leaf.checkIssued(root)).toBe(true);
      expect(leaf.verify(leaf.publicKey)).toBe(false);
    }
    expect(samePublicKey(certificate('DeviceCertificate').publicKey, phone.publicKey)).toBe(true);
    expect(root.checkPrivateKey(phone.privateKey)).toBe(false);
  });

  it('holds the private keys that fit', () => {
    for (const who of ['Host', 'Root']) {
      const publicKey = createPublicKey(Buffer.from(values[`${who}PrivateKey`] as Uint8Array));
      expect(samePublicKey(publicKey, certificate(`${who}Certificate`).publicKey)).toBe(true);
    }
  });

  it('names nobody, and lives from a day ago for ten years', () => {
    for (const key of ['RootCertificate', 'HostCertificate', 'DeviceCertificate']) {
      const made = certificate(key);
      expect([made.subject ?? '', made.issuer ?? '']).toEqual(['', '']);
      expect(new Date(made.validFrom)).toEqual(new Date('2026-11-23T12:00:00Z'));
      expect(new Date(made.validTo)).toEqual(new Date('2036-11-21T12:00:00Z'));
      expect(made.serialNumber).toBe(key === 'RootCertificate' ? '0' : '01');
    }
  });

  it('marks constraints and usage critical, and names the device key', () => {
    const has = (key: string, digits: string) => certificate(key).raw.includes(Buffer.from(digits, 'hex'));
    // id-ce-basicConstraints, critical, SEQUENCE {TRUE} or SEQUENCE {}.
    expect(has('RootCertificate', '0603551d130101ff040530030101ff')).toBe(true);
    const leafConstraints = '0603551d130101ff04023000';
    // id-ce-keyUsage, critical, digitalSignature and keyEncipherment.
    const usage = '0603551d0f0101ff0404030205a0';
    const keyId = '0603551d0e0416';
    expect(['HostCertificate', 'DeviceCertificate'].map((key) => [has(key, leafConstraints), has(key, usage), has(key, keyId)])).toEqual([
      [true, true, false],
      [true, true, true],
    ]);
    expect(has('RootCertificate', usage)).toBe(false);
  });

  it('takes the phone key as lockdown gives it: bytes of a PEM', async () => {
    const other = await newPairRecord(Buffer.from(phonePem), { systemBuid: BUID, hostId: 'A-HOST' });
    expect(other.hostId).toBe('A-HOST');
  });

  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['a private key', phone.privateKey.export({ type: 'pkcs1', format: 'pem' }) as string],
    ['a key of another kind', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }) as string],
    [
      'a key that is far too small',
      generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey.export({ type: 'pkcs1', format: 'pem' }) as string,
    ],
    ['a novel', `-----BEGIN RSA PUBLIC KEY-----\n${'A'.repeat(100_000)}`],
  ])('refuses %s as the phone key', (_, pem) => {
    expect(() => devicePublicKey(pem)).toThrow(new DeviceError('DevicePublicKey', { kind: 'garbage' }));
  });
});

describe('certificates', () => {
  it('write dates from 2050 on in the other form', () => {
    const keys = { subjectKey: phone.publicKey, issuerKey: phone.privateKey };
    const late = new X509Certificate(certificateFor({ role: 'root', serial: 300, ...keys, now: new Date('2045-01-01T00:00:00Z') }));
    expect(new Date(late.validTo).getUTCFullYear()).toBe(2054);
    expect(late.serialNumber).toBe('012C');
    expect(late.verify(phone.publicKey)).toBe(true);
  });

  it('are read as PEM and as DER', () => {
    const der = certificateFor({ role: 'host', serial: 1, subjectKey: phone.publicKey, issuerKey: phone.privateKey, now: NOW });
    expect(certificateDer(Buffer.from(certificatePem(der))).equals(der)).toBe(true);
    expect(certificateDer(der).equals(der)).toBe(true);
    expect(() => certificateDer(Buffer.from('hello'))).toThrow(DeviceError);
  });
});

describe('a stored pair record', () => {
  it('is read again, XML or binary, unknown keys included', () => {
    const stored = { ...parsePlistDict(record.serialise()), UDID: '00008030-001A', EscrowBag: new Uint8Array(32) };
    for (const bytes of [writePlist(stored), writeBinaryPlist(stored)]) {
      const read = PairRecord.parse(bytes);
      expect(parsePlistDict(read.serialise())).toEqual(stored);
      expect(read.hasEscrowBag).toBe(true);
    }
  });

  it('is stored whole, also with a key that XML cannot carry', () => {
    const odd = { ...values, Note: 'bell \u0007', HostID: 'host \u0000' } as Parameters<typeof PairRecord.from>[0];
    const again = PairRecord.parse(PairRecord.from(odd).serialise());
    expect(parsePlistDict(again.serialise())).toEqual(odd);
  });

  it('takes up what the phone grants', () => {
    const granted = record.granted({ escrowBag: new Uint8Array([1, 2]), wifiMacAddress: 'aa:bb' });
    expect(parsePlistDict(granted.serialise())).toMatchObject({
      EscrowBag: new Uint8Array([1, 2]),
      WiFiMACAddress: 'aa:bb',
      HostID: record.hostId,
    });
    expect(record.hasEscrowBag).toBe(false);
  });

  it.each(['HostID', 'SystemBUID', 'DeviceCertificate', 'HostCertificate', 'HostPrivateKey', 'RootCertificate', 'RootPrivateKey'])(
    'is none without %s',
    (key) => {
      const { [key]: _, ...rest } = parsePlistDict(record.serialise());
      expect(() => PairRecord.from(rest)).toThrow(new DeviceError('pair record', { kind: 'garbage' }));
      expect(pairRecordMetadata(writePlist(rest), BUID).complete).toBe(false);
    },
  );

  it('never shows its contents: JSON, inspect, text, errors', () => {
    const prints = [
      JSON.stringify({ record }),
      inspect(record, { depth: 9, showHidden: true }),
      String(record),
      `${record}`,
      format('%o %O %j %s', record, record, record, record),
      inspect([record]),
    ];
    const secrets = [
      record.hostId,
      'PRIVATE',
      'BEGIN',
      BUID,
      Buffer.from(values.HostPrivateKey as Uint8Array)
        .toString('base64')
        .slice(40, 80),
    ];
    for (const print of prints) {
      expect(print).toContain('redacted');
      for (const secret of secrets) expect(print).not.toContain(secret);
    }
    const damaged = Buffer.from(record.serialise().toString().replace('</data>', '!</data>'));
    let error: unknown;
    try {
      PairRecord.parse(damaged);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(DeviceError);
    for (const secret of secrets) expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
  });
});

describe('metadata of a pair record', () => {
  it('tells names, size, completeness and whose it is', () => {
    const bytes = record.serialise();
    expect(pairRecordMetadata(bytes, BUID)).toEqual({
      keys: ['DeviceCertificate', 'HostCertificate', 'HostID', 'HostPrivateKey', 'RootCertificate', 'RootPrivateKey', 'SystemBUID'],
      bytes: bytes.length,
      sameBuid: true,
      complete: true,
      endsAt: '2036-11-21T12:00:00.000Z',
    });
    expect(pairRecordMetadata(bytes, 'another')).toMatchObject({ sameBuid: false });
    expect(pairRecordMetadata(bytes, null)).toMatchObject({ sameBuid: null });
  });

  it('tells of a damaged one that it is', () => {
    expect(pairRecordMetadata(Buffer.from('hello'), BUID)).toEqual({ keys: [], bytes: 5, sameBuid: null, complete: false, endsAt: null });
    expect(pairRecordMetadata(writePlist({ HostID: 5 }), BUID)).toMatchObject({ keys: ['HostID'], sameBuid: null, complete: false });
  });

  it('tells the end of the certificate that ends first, and none that cannot be read', () => {
    const values = parsePlistDict(record.serialise());
    const early = certificateFor({ role: 'host', serial: 1, subjectKey: phone.publicKey, issuerKey: phone.privateKey, now: new Date(0) });
    expect(pairRecordMetadata(writePlist({ ...values, HostCertificate: early }), null).endsAt).toBe('1979-12-30T00:00:00.000Z');
    const broken = { ...values, HostCertificate: Buffer.from('x'), DeviceCertificate: 'x', RootCertificate: 5 };
    expect(pairRecordMetadata(writePlist(broken), null).endsAt).toBeNull();
  });

  it('passes on no key that cannot be stored, and no more than 32', () => {
    const odd = writeBinaryPlist({
      'a\u0000b': 1,
      ['x'.repeat(65)]: 1,
      '\ud800': 1,
      ...Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, i])),
    });
    const { keys } = pairRecordMetadata(odd, null);
    expect(keys).toHaveLength(32);
    expect(keys.every((key) => /^k\d+$/.test(key))).toBe(true);
  });
});
