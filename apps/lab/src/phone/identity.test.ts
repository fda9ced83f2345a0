import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { devicePublicKey } from '@lockstep/agent/device';
import { normaliseUdid } from '@lockstep/core/health';
import fc from 'fast-check';
import { keptDeviceKey, seededDeviceKey } from './device-key.js';
import { HOSTILE_NAMES, makeIdentity } from './identity.js';
import { Seeded } from './seeded.js';

describe('Seeded', () => {
  it('gives the same bytes for the same seed, however they are drawn', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 8 }), (seed, sizes) => {
        const total = sizes.reduce((a, b) => a + b, 0);
        const inPieces = new Seeded(seed);
        expect(Buffer.concat(sizes.map((n) => inPieces.bytes(n)))).toEqual(new Seeded(seed).bytes(total));
      }),
    );
  });

  it('forks without being used up, and differs by label', () => {
    const used = new Seeded('s');
    used.bytes(50);
    expect(used.fork('a').hex(20)).toBe(new Seeded('s').fork('a').hex(20));
    expect(new Seeded('s').fork('a').hex(20)).not.toBe(new Seeded('s').fork('b').hex(20));
  });

  it('stays below the limit and writes UUIDs of version 4', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, limit) => {
        const n = new Seeded(seed).below(limit);
        expect(n).toBeGreaterThanOrEqual(0);
        expect(n).toBeLessThan(limit);
      }),
    );
    expect(new Seeded('x').uuid()).toMatch(/^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
  });
});

describe('makeIdentity', () => {
  it('makes UDIDs of both styles in their one spelling, whatever the seed', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('new', 'sha1'), (seed, udidStyle) => {
        const id = makeIdentity(new Seeded(seed), { udidStyle });
        expect(normaliseUdid(id.udid)).toBe(id.udid);
        expect(id.udid).toHaveLength(udidStyle === 'new' ? 25 : 40);
        // What the USB descriptor carries leads back to it.
        expect(normaliseUdid(id.usbSerial)).toBe(id.udid);
        if (udidStyle === 'new') {
          expect(BigInt(`0x${id.udid.slice(9)}`)).toBe(id.ecid);
          expect(Number(`0x${id.udid.slice(0, 8)}`)).toBe(id.chipId);
        }
      }),
    );
  });

  it('encodes the model in bcdDevice', () => {
    expect(makeIdentity(new Seeded('a'), { productType: 'iPhone14,5' }).bcdDevice).toBe(0x1405);
    expect(makeIdentity(new Seeded('a'), { productType: 'iPhone16,1' })).toMatchObject({ bcdDevice: 0x1601, maxSpeedMbps: 10_000 });
  });

  it('takes hostile names as they are', () => {
    for (const deviceName of HOSTILE_NAMES) expect(makeIdentity(new Seeded('a'), { deviceName }).deviceName).toBe(deviceName);
  });

  it('refuses what is no UDID and no known model, naming it', () => {
    expect(() => makeIdentity(new Seeded('a'), { udid: '00008110-0011' })).toThrow(/^udid:/);
    expect(() => makeIdentity(new Seeded('a'), { productType: 'iPhone1,1' })).toThrow(/^productType:/);
  });
});

describe('seededDeviceKey', () => {
  it('is a sound RSA key and the same for the same seed', async () => {
    const [one, again, other] = await Promise.all([
      seededDeviceKey(new Seeded('k')),
      seededDeviceKey(new Seeded('k')),
      seededDeviceKey(new Seeded('l')),
    ]);
    expect(one.publicPem).toMatch(/^-----BEGIN RSA PUBLIC KEY-----/);
    expect(again.publicPem).toBe(one.publicPem);
    expect(other.publicPem).not.toBe(one.publicPem);
    const key = devicePublicKey(one.publicPem);
    expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048);
    const message = Buffer.from('message');
    expect(verify('sha256', message, key, sign('sha256', message, one.privateKey))).toBe(true);
    // OpenSSL takes it through a round trip, which checks that the parts belong together.
    const pem = one.privateKey.export({ type: 'pkcs8', format: 'pem' });
    expect(createPublicKey(createPrivateKey(pem)).export({ type: 'pkcs1', format: 'pem' }).toString()).toBe(one.publicPem);
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(verify('sha256', message, key, sign('sha256', message, stranger.privateKey))).toBe(false);
  });

  it('is kept for its seed, and for no other', async () => {
    const kept = await keptDeviceKey(new Seeded('k'));
    expect(kept.publicPem).toBe((await seededDeviceKey(new Seeded('k'))).publicPem);
    expect(await keptDeviceKey(new Seeded('k'))).toBe(kept);
    expect((await keptDeviceKey(new Seeded('k').fork('l'))).publicPem).not.toBe(kept.publicPem);
  });
});
