import { text } from '@lockstep/core/health';
import { hash, verify } from '@node-rs/argon2';
import { z } from 'zod';

/** Argon2id with 19 MiB, two passes, one lane: OWASP Password Storage Cheat Sheet's first choice. 2 is `Algorithm.Argon2id`. */
const OPTIONS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** NIST SP 800-63B: length is what counts; the upper end bounds the work. */
export const Password = text(256).min(12, 'must have at least 12 characters');
/** As typed at sign-in: rules for new passwords must not tell which old ones can exist. */
export const TypedPassword = text(1024).min(1, 'is required');
export const Email = z
  .string()
  .max(254, 'must be at most 254 characters')
  .transform((s) => s.trim().toLowerCase())
  .pipe(z.email('must be an e-mail address'));

/** The PHC string to store. */
export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFKC'), OPTIONS);
}

let nobody: Promise<string> | null = null;

/**
 * True when the password belongs to the stored hash. Without one (nobody has that address) the same work is done against a hash that
 * nothing opens, so that the time of the answer does not tell who has an account.
 */
export async function checkPassword(stored: string | null, password: string): Promise<boolean> {
  nobody ??= hashPassword(`nobody ${Math.random()}`);
  const right = await verify(stored ?? (await nobody), password.normalize('NFKC'));
  return stored !== null && right;
}

/** Makes the hash of nobody, so that the first sign-in after a start takes no longer than the others. */
export async function warmPasswords(): Promise<void> {
  await checkPassword(null, '');
}
