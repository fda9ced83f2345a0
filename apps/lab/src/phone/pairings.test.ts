import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newPairRecord, newRsaKeys } from '@lockstep/agent/device';
import { seededDeviceKey } from './device-key.js';
import { checkOffer, type GrantedPairing, Pairings, StateFileError } from './pairings.js';
import { Seeded } from './seeded.js';

const UDID = '00008110-0011223344556677';
const pairing = (hostId: string): GrantedPairing => ({
  hostId,
  systemBuid: 'BUID',
  deviceCertificate: 'd',
  hostCertificate: 'h',
  rootCertificate: 'r',
  escrowBag: Buffer.alloc(32, 7).toString('base64'),
  grantedAt: 1,
});

describe('Pairings', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'lockstep-lab-test-'));
    file = join(dir, 'phone.json');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('keeps what was granted over a restart, readable by its owner alone', () => {
    writeFileSync(file, JSON.stringify({ schema: 1, udid: UDID, pairings: [] }), { mode: 0o644 });
    const before = new Pairings(UDID, file);
    before.grant(pairing('A'));
    before.grant(pairing('B'));
    before.forget('A');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const after = new Pairings(UDID, file);
    expect(after.all()).toEqual([pairing('B')]);
    expect(after.forget('A')).toBe(false);
    after.forgetAll();
    expect(new Pairings(UDID, file).all()).toEqual([]);
  });

  it.each([
    ['not JSON', 'x{', 'content'],
    ['no state file', '{"schema":1}', 'udid'],
    ['another phone', JSON.stringify({ schema: 1, udid: 'f'.repeat(40), pairings: [] }), 'udid'],
    [
      'a damaged pairing',
      JSON.stringify({ schema: 1, udid: UDID, pairings: [{ ...pairing('A'), escrowBag: '%' }] }),
      'pairings.0.escrowBag',
    ],
  ])('refuses %s by name and leaves the file alone', (_, text, field) => {
    writeFileSync(file, text);
    expect(() => new Pairings(UDID, file)).toThrow(StateFileError);
    expect(() => new Pairings(UDID, file)).toThrow(field);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

describe('checkOffer', () => {
  it('takes a record made for this key and refuses everything else', async () => {
    const { publicPem } = await seededDeviceKey(new Seeded('mine'));
    const other = await newRsaKeys();
    const [mine, foreign] = await Promise.all([
      newPairRecord(publicPem, { systemBuid: 'B' }),
      newPairRecord(other.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(), { systemBuid: 'B' }),
    ]);
    const offer = (record: typeof mine) => {
      const { DeviceCertificate, HostCertificate, RootCertificate } = record.forPhone();
      return {
        deviceCertificate: DeviceCertificate as Uint8Array,
        hostCertificate: HostCertificate as Uint8Array,
        rootCertificate: RootCertificate as Uint8Array,
      };
    };
    expect(checkOffer(offer(mine), publicPem).ok).toBe(true);
    expect(checkOffer(offer(foreign), publicPem).ok).toBe(false);
    // The right device certificate, with a host certificate of somebody else's root.
    expect(checkOffer({ ...offer(mine), hostCertificate: offer(foreign).hostCertificate }, publicPem).ok).toBe(false);
    expect(checkOffer({ ...offer(mine), rootCertificate: offer(foreign).rootCertificate }, publicPem).ok).toBe(false);
    expect(checkOffer({ ...offer(mine), deviceCertificate: Buffer.from('no certificate') }, publicPem).ok).toBe(false);
  });
});
