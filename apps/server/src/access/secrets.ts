import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Random bytes of a secret: 192 bits, as in an enrolment token. */
const SECRET_BYTES = 24;

/** How a secret is spelled. */
export const SECRET = /^[A-Za-z0-9_-]{32}$/;

/** A new secret, base64url, 32 characters. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** Bytes that nobody else knows, spelled as a secret. @param bytes 24 or more */
export function secretOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, SECRET_BYTES)).toString('base64url');
}

/** What is stored of a secret that this server made: it has 192 random bits, so one round of SHA-256 cannot be searched. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Compares in a time that says nothing about where the two differ. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(hashOf(a), hashOf(b));
}
