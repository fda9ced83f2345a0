import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';

/** Node's base64url decoder takes what is no base64url; this one gives null for anything but the one spelling. */
export function fromBase64url(s: string): Buffer | null {
  const bytes = Buffer.from(s, 'base64url');
  return bytes.toString('base64url') === s ? bytes : null;
}

/** A fresh nonce: 32 random bytes in base64url. */
export function newNonce(): string {
  return randomBytes(32).toString('base64url');
}

/** The id of a raw public key: the first 16 hex digits of its SHA-256. */
export function keyIdOf(rawPublicKey: Uint8Array): string {
  return createHash('sha256').update(rawPublicKey).digest('hex').slice(0, 16);
}

/** The fingerprint that enrolment tokens carry: SHA-256 of the raw public key, base64url. */
export function fingerprintOf(rawPublicKey: Uint8Array): string {
  return createHash('sha256').update(rawPublicKey).digest('base64url');
}

/** Whether `signature` (base64url) over `prefix` and `bytes` was made by the raw Ed25519 key `publicKey` (base64url). Never throws. */
export function isSignedBy(publicKey: string, prefix: string, bytes: Uint8Array | string, signature: string): boolean {
  const sig = fromBase64url(signature);
  if (sig?.length !== 64 || fromBase64url(publicKey)?.length !== 32) return false;
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    return verify(null, Buffer.concat([Buffer.from(prefix, 'utf8'), Buffer.from(bytes)]), key, sig);
  } catch {
    return false;
  }
}
