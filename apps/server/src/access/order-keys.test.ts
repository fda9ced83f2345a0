import { createPublicKey, verify } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SIGNED, successorText } from '@lockstep/core/protocol';
import { ManualClock } from '../../test/clock.js';
import { OrderKey, OrderKeyError } from './order-key.js';
import { OrderKeys, TooManyKeysError } from './order-keys.js';

const DAY_MS = 86_400_000;
let dir: string;
let file: string;
let clock: ManualClock;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lockstep-keys-'));
  file = join(dir, 'order-key.pem');
  clock = new ManualClock(Date.parse('2026-11-24T09:00:00.000Z'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (overlapMs = 400 * DAY_MS) => OrderKeys.open(file, { clock, overlapMs });
const earlier = (name: string) => join(dir, 'order-key.earlier', name);
/** Every file, by its path below the folder. */
const files = () =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name).slice(dir.length + 1))
    .sort();
const isSigned = (key: OrderKey, bytes: string, signature: string) =>
  verify(
    null,
    Buffer.from(bytes),
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey }, format: 'jwk' }),
    Buffer.from(signature, 'base64url'),
  );

describe('order keys', () => {
  it('are one file as long as there is one, and it is the same file as before there could be more', () => {
    const key = OrderKey.open(file);
    const keys = open();
    expect([keys.current.keyId, files()]).toEqual([key.keyId, ['order-key.pem']]);
    expect(keys.list()).toEqual([{ keyId: key.keyId, fingerprint: key.fingerprint, state: 'current', since: null, until: null }]);
    expect(keys.chainFrom(key.keyId)).toEqual([]);
  });

  it('rotate: the successor is introduced by its predecessor’s signature, both are files of their user only', () => {
    const keys = open();
    const { from, to } = keys.rotate();
    expect([keys.current.keyId, from.keyId]).not.toContain(undefined);
    expect(keys.current.keyId).toBe(to.keyId);
    const [introduction, ...more] = keys.chainFrom(from.keyId);
    if (!introduction) throw new Error('no introduction');
    expect(more).toEqual([]);
    expect(introduction).toMatchObject({ keyId: from.keyId, nextKeyId: to.keyId, nextKey: to.publicKey, notBefore: clock.iso() });
    expect(isSigned(from, SIGNED.successor + successorText(introduction), introduction.signature)).toBe(true);
    expect(isSigned(to, SIGNED.successor + successorText(introduction), introduction.signature)).toBe(false);
    expect(files()).toEqual([`order-key.earlier/${from.keyId}.pem`, 'order-key.earlier/chain.json', 'order-key.pem'].sort());
    for (const name of files()) expect([name, statSync(join(dir, name)).mode & 0o777]).toEqual([name, 0o600]);
    expect(statSync(earlier('')).mode & 0o777).toBe(0o700);
    expect(OrderKey.read(file)?.keyId).toBe(to.keyId);
    expect(keys.find(from.keyId)?.sign(Buffer.from('x'))).toBe(from.sign(Buffer.from('x')));
  });

  it('are the same after a restart, and the chain holds over several rotations', () => {
    const keys = open();
    const ids = [keys.current.keyId, keys.rotate().to.keyId, keys.rotate().to.keyId, keys.rotate().to.keyId];
    const again = open();
    expect(again.list().map((k) => k.keyId)).toEqual([...ids].reverse());
    for (const held of [keys, again]) {
      const chain = held.chainFrom(ids[0] ?? '');
      expect(chain.map((i) => [i.keyId, i.nextKeyId])).toEqual([
        [ids[0], ids[1]],
        [ids[1], ids[2]],
        [ids[2], ids[3]],
      ]);
      // Each later than the one before, though the clock stood still.
      expect(new Set(chain.map((i) => i.notBefore)).size).toBe(3);
      expect(chain.map((i) => i.notBefore)).toEqual(chain.map((i) => i.notBefore).sort());
    }
    expect(again.find(ids[1] ?? '')?.keyId).toBe(ids[1]);
    expect(again.byFingerprint(keys.list()[3]?.fingerprint ?? '')?.keyId).toBe(ids[0]);
    expect(again.byFingerprint(OrderKey.generate().fingerprint)).toBeNull();
  });

  it('before the one used now serve for the overlap and not a moment longer, and end with a sweep', () => {
    const keys = open(10 * DAY_MS);
    const { from } = keys.rotate();
    clock.advance(10 * DAY_MS - 1);
    expect([keys.find(from.keyId)?.keyId, keys.due()]).toEqual([from.keyId, []]);
    clock.advance(1);
    expect([keys.find(from.keyId), keys.byFingerprint(from.fingerprint), keys.due()]).toEqual([null, null, [from.keyId]]);
    expect(keys.end(from.keyId)).toEqual([from.keyId]);
    expect(files()).toEqual(['order-key.earlier/chain.json', 'order-key.pem']);
    // Since when the present key is stays known: its successor may not be introduced for an earlier time.
    clock.advance(-20 * DAY_MS);
    const { notBefore } = keys.chainFrom(keys.rotate().from.keyId)[0] ?? { notBefore: '' };
    expect(Date.parse(notBefore)).toBeGreaterThan(clock.now() + 9 * DAY_MS);
  });

  it('that are ended take those before them along: what led through them leads nowhere', () => {
    const keys = open();
    const ids = [keys.current.keyId, keys.rotate().to.keyId, keys.rotate().to.keyId, keys.rotate().to.keyId];
    expect(keys.end(ids[1] ?? '')).toEqual([ids[0], ids[1]]);
    expect(keys.list().map((k) => k.keyId)).toEqual([ids[3], ids[2]]);
    expect([keys.find(ids[0] ?? ''), keys.find(ids[1] ?? ''), keys.chainFrom(ids[0] ?? '')]).toEqual([null, null, []]);
    expect(keys.end(ids[3] ?? '')).toEqual([]);
    expect(keys.end('0123456789abcdef')).toEqual([]);
    expect(files()).toEqual([`order-key.earlier/${ids[2]}.pem`, 'order-key.earlier/chain.json', 'order-key.pem'].sort());
  });

  it('are eight at most, as many as an agent pins', () => {
    const keys = open();
    for (let i = 0; i < 7; i++) keys.rotate();
    const { keyId } = keys.current;
    expect(() => keys.rotate()).toThrow(TooManyKeysError);
    expect([keys.current.keyId, keys.list().length]).toEqual([keyId, 8]);
  });

  it('keep secrets that were derived for other purposes through a rotation', () => {
    const keys = open();
    const secret = keys.derive('idempotency');
    keys.rotate();
    expect(keys.derive('idempotency')).toEqual(secret);
    expect(open().derive('idempotency')).toEqual(secret);
  });

  it('made by another server that shares the folder are found when a computer names them', () => {
    const here = open();
    const there = open();
    const { to } = there.rotate();
    expect(here.current.keyId).not.toBe(to.keyId);
    here.reload();
    expect(here.current.keyId).toBe(to.keyId);
    expect(here.find(to.keyId)?.keyId).toBe(to.keyId);
  });

  it('do not print themselves', () => {
    const keys = open();
    keys.rotate();
    const secrets = files()
      .filter((f) => f.endsWith('.pem'))
      .map((f) => readFileSync(join(dir, f), 'utf8').split('\n')[1]?.slice(20) ?? '-');
    for (const printed of [inspect(keys, { depth: 9, showHidden: true }), JSON.stringify(keys), JSON.stringify(keys.list())])
      for (const secret of secrets) expect(printed).not.toContain(secret);
  });
});

describe('a rotation that was cut off', () => {
  it('before the introduction was written never was, and leaves no key behind', () => {
    const keys = open();
    const { keyId } = keys.current;
    const stray = OrderKey.generate();
    mkdirSync(earlier(''));
    stray.writeTo(earlier(`${stray.keyId}.pem`));
    copyFileSync(file, earlier(`${keyId}.pem`));
    const again = open();
    expect(again.list().map((k) => k.keyId)).toEqual([keyId]);
    again.rotate();
    expect(files()).toEqual([`order-key.earlier/${keyId}.pem`, 'order-key.earlier/chain.json', 'order-key.pem'].sort());
  });

  it('after it was written is finished by the next start', () => {
    const keys = open();
    const before = readFileSync(file);
    const { from, to } = keys.rotate();
    renameSync(file, earlier(`${to.keyId}.pem`));
    writeFileSync(file, before, { mode: 0o600 });
    const again = open();
    expect(again.current.keyId).toBe(to.keyId);
    expect(OrderKey.read(file)?.keyId).toBe(to.keyId);
    expect(again.chainFrom(from.keyId)).toHaveLength(1);
  });

  it('or an old copy of the key that was put back, is told when the new key is nowhere', () => {
    const keys = open();
    const before = readFileSync(file);
    const { to } = keys.rotate();
    writeFileSync(file, before, { mode: 0o600 });
    expect(() => open()).toThrow(new RegExp(`${to.keyId}.*put that key back`));
    rmSync(file);
    expect(() => open()).toThrow(OrderKeyError);
    expect(files()).not.toContain('order-key.pem');
  });

  it('by a full disk changes nothing', () => {
    const keys = open();
    const { keyId } = keys.current;
    chmodSync(dir, 0o500);
    try {
      // The superuser writes everywhere: there the test can only look that a rotation either happened or did not.
      if (process.getuid?.() !== 0) expect(() => keys.rotate()).toThrow(OrderKeyError);
      expect([keyId, open().list().at(-1)?.keyId]).toEqual([keyId, keyId]);
    } finally {
      chmodSync(dir, 0o700);
    }
  });
});

describe('files beside the order key', () => {
  it('that others can read, or that hold something else, are refused by name', () => {
    const keys = open();
    const { from } = keys.rotate();
    const before = earlier(`${from.keyId}.pem`);
    chmodSync(before, 0o644);
    expect(() => open()).toThrow(/can be read by other users/);
    chmodSync(before, 0o600);
    for (const rubbish of [
      '',
      '{',
      '[]',
      '{"schema":2,"since":null,"introductions":[]}',
      '{"schema":1,"since":null,"introductions":[{}]}',
    ]) {
      writeFileSync(earlier('chain.json'), rubbish, { mode: 0o600 });
      expect(() => open()).toThrow(/chain\.json/);
    }
  });

  it('an earlier key that was taken away serves nobody; the others do', () => {
    const keys = open();
    const ids = [keys.current.keyId, keys.rotate().to.keyId, keys.rotate().to.keyId];
    rmSync(earlier(`${ids[0]}.pem`));
    const again = open();
    expect(again.list().map((k) => k.keyId)).toEqual([ids[2], ids[1]]);
    expect(again.find(ids[0] ?? '')).toBeNull();
  });
});
