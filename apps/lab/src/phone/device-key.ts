import { checkPrime, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Seeded } from './seeded.js';

const isPrime = promisify(checkPrime) as (candidate: bigint) => Promise<boolean>;

/** The key pair a phone was born with: DevicePublicKey of lockdownd and the private key behind it. */
export interface DeviceKey {
  privateKey: KeyObject;
  /** PKCS#1 PEM (`RSA PUBLIC KEY`), as lockdownd gives it. */
  publicPem: string;
}

/** RSA-2048, as phones have. */
const PRIME_BITS = 1_024;
const EXPONENT = 65_537n;
const SMALL_PRIMES = smallPrimes(2_000);

/**
 * An RSA key that depends on nothing but the seed: a restarted lab is the same phone, so records made for it stay good. Node cannot seed
 * its own key generator, so the primes are looked for here and checked by OpenSSL. About 0.1 s, nearly all of it off the event loop.
 */
export async function seededDeviceKey(seed: Seeded): Promise<DeviceKey> {
  const p = await seededPrime(seed.fork('p'));
  const q = await seededPrime(seed.fork('q'));
  const d = inverse(EXPONENT, (p - 1n) * (q - 1n));
  const jwk = {
    kty: 'RSA',
    n: base64url(p * q),
    e: base64url(EXPONENT),
    d: base64url(d),
    p: base64url(p),
    q: base64url(q),
    dp: base64url(d % (p - 1n)),
    dq: base64url(d % (q - 1n)),
    qi: base64url(inverse(q, p)),
  };
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return { privateKey, publicPem: createPublicKey(privateKey).export({ type: 'pkcs1', format: 'pem' }).toString() };
}

/** What was made in this process. A key depends on its seed alone, so that of a phone that starts anew need not be looked for again. */
const made = new Map<string, Promise<DeviceKey>>();

/** `seededDeviceKey`, made once per process and seed: hundreds of phones of one seed come and go in a lab that tries every fault. */
export function keptDeviceKey(seed: Seeded): Promise<DeviceKey> {
  const name = seed.fork('name-of-the-key').hex(32);
  const kept = made.get(name) ?? seededDeviceKey(seed);
  made.set(name, kept);
  return kept;
}

async function seededPrime(seed: Seeded): Promise<bigint> {
  // The two highest bits set, so that the product of two has 2048 bits; odd.
  const start = BigInt(`0x${seed.hex(PRIME_BITS / 4)}`) | (3n << BigInt(PRIME_BITS - 2)) | 1n;
  const rests = SMALL_PRIMES.map((prime) => Number(start % BigInt(prime)));
  for (let step = 0; ; step += 2) {
    if (rests.some((rest, i) => (rest + step) % (SMALL_PRIMES[i] as number) === 0)) continue;
    const candidate = start + BigInt(step);
    if ((candidate - 1n) % EXPONENT !== 0n && (await isPrime(candidate))) return candidate;
  }
}

function smallPrimes(limit: number): number[] {
  const found: number[] = [];
  for (let n = 3; n < limit; n += 2) if (found.every((p) => n % p !== 0)) found.push(n);
  return found;
}

/** The inverse of `a` modulo `m` (extended Euclid). */
function inverse(a: bigint, m: bigint): bigint {
  let [oldR, r] = [a % m, m];
  let [oldS, s] = [1n, 0n];
  while (r !== 0n) {
    const quotient = oldR / r;
    [oldR, r] = [r, oldR - quotient * r];
    [oldS, s] = [s, oldS - quotient * s];
  }
  return ((oldS % m) + m) % m;
}

function base64url(n: bigint): string {
  const hex = n.toString(16);
  return Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex').toString('base64url');
}
