import { createHash, createPublicKey, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OrderKey, OrderKeyError } from './order-key.js';

describe('the order key', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'lockstep-key-'));
    file = join(dir, 'deep', 'order-key.pem');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('is made once, for its user only, and stays the same', () => {
    const made = OrderKey.open(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(dir, 'deep'))).toEqual(['order-key.pem']);
    expect(OrderKey.open(file).publicKey).toBe(made.publicKey);
  });

  it('signs exactly the bytes it gets, under the key it names', () => {
    const key = OrderKey.open(file);
    const raw = Buffer.from(key.publicKey, 'base64url');
    expect(raw).toHaveLength(32);
    const digest = createHash('sha256').update(raw).digest();
    expect([key.keyId, key.fingerprint]).toEqual([digest.toString('hex').slice(0, 16), digest.toString('base64url')]);
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey }, format: 'jwk' });
    const signature = Buffer.from(key.sign(Buffer.from('order')), 'base64url');
    expect(verify(null, Buffer.from('order'), publicKey, signature)).toBe(true);
    expect(verify(null, Buffer.from('ordex'), publicKey, signature)).toBe(false);
  });

  it('derives secrets that differ by purpose and by key', () => {
    const key = OrderKey.open(file);
    expect(key.derive('a')).toEqual(OrderKey.open(file).derive('a'));
    expect(key.derive('a')).not.toEqual(key.derive('b'));
    expect(key.derive('a')).not.toEqual(OrderKey.open(join(dir, 'other.pem')).derive('a'));
  });

  it('does not print itself', () => {
    const key = OrderKey.open(file);
    const secret = readFileSync(file, 'utf8').split('\n')[1] ?? '-';
    for (const printed of [inspect(key, { depth: 9 }), JSON.stringify(key), String(inspect({ key }))])
      expect(printed).not.toContain(secret.slice(20));
  });

  it('is refused when others can read it, when it is a link, and when it is something else', () => {
    OrderKey.open(file);
    chmodSync(file, 0o640);
    expect(() => OrderKey.open(file)).toThrow(/chmod 600/);
    chmodSync(file, 0o600);
    symlinkSync(file, join(dir, 'link.pem'));
    expect(() => OrderKey.open(join(dir, 'link.pem'))).toThrow(/symbolic link/);
    writeFileSync(join(dir, 'rubbish.pem'), 'rubbish', { mode: 0o600 });
    expect(() => OrderKey.open(join(dir, 'rubbish.pem'))).toThrow(/PEM/);
    expect(() => OrderKey.open(dir)).toThrow(OrderKeyError);
  });
});
