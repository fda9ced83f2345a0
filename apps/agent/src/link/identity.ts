import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { HostId } from '@lockstep/core/health';
import { type EnrolAnswer, KeyId, LIMITS, PublicKey } from '@lockstep/core/protocol';
import { z } from 'zod';
import { agentFiles, type Disk, readableByOthers, realDisk } from './disk.js';
import { LinkError, whyNot } from './link-error.js';
import { parseServerUrl } from './server-url.js';

/** The host's identity: possession of an Ed25519 private key that was made here and never leaves. */
export interface Identity {
  /** Raw public key, base64url. */
  readonly publicKey: string;
  /** Ed25519 signature over prefix and text, base64url. */
  sign(prefix: string, text: string): string;
}

/** A server's key that this agent takes orders from. */
export const OrderKeyPin = z.object({
  keyId: KeyId,
  publicKey: PublicKey,
  /** From when its predecessor introduced it; left out for the key that was pinned at enrolment. */
  notBefore: z.iso.datetime().optional(),
});
export type OrderKeyPin = z.infer<typeof OrderKeyPin>;

/** Ended keys that are remembered: at one rotation a month, five years of them. */
export const ENDED_KEYS = 64;

/** What enrolment leaves on disk: where the server is, who this host is, and which keys may sign. No secrets. */
export const Enrolment = z.object({
  schema: z.literal(1),
  server: z.string().max(512),
  hostId: HostId,
  /** The public half of the key that was enrolled: tells an interrupted enrolment from a finished one. */
  publicKey: PublicKey,
  /** By this computer's clock. Left out by agents that did not write it yet. */
  enrolledAt: z.iso.datetime().optional(),
  /** Newest first. */
  orderKeys: z.array(OrderKeyPin).min(1).max(LIMITS.orderKeys),
  /** Ids of keys that a successor has replaced here, newest first: none is pinned again. */
  endedOrderKeys: z.array(KeyId).max(ENDED_KEYS).optional(),
});
export type Enrolment = z.infer<typeof Enrolment>;

/** Makes a new key and writes it, 0600, before it is used anywhere. */
export function makeIdentity(path: string, disk: Disk = realDisk): Identity {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  put(disk, path, pem);
  return identityFrom(pem, path);
}

/** Puts a file in place. Throws a LinkError that names it; what stood there before still does. */
function put(disk: Disk, path: string, content: string | Uint8Array): void {
  try {
    disk.replace(path, typeof content === 'string' ? Buffer.from(content, 'utf8') : content);
  } catch (error) {
    throw new LinkError('unwritable', `${path} cannot be written: ${whyNot(error)}. What was there before is unchanged.`);
  }
}

/** Reads a key file. Null when there is none; a file that is there and not a private Ed25519 key is an error and is left alone. */
export function readIdentity(path: string, disk: Disk = realDisk): Identity | null {
  let bytes: Buffer | null;
  try {
    bytes = disk.read(path);
    if (bytes && disk === realDisk && readableByOthers(path)) {
      throw new LinkError(
        'key-exposed',
        `Other users can read the key ${path}. Make it private (chmod 600 ${path}), or enrol again if it may be known.`,
      );
    }
  } catch (error) {
    if (error instanceof LinkError) throw error;
    throw new LinkError('key-unreadable', `The key ${path} cannot be read: ${whyNot(error)}. It was left as it is.`);
  }
  return bytes && identityFrom(bytes.toString('utf8'), path);
}

function identityFrom(pem: string, path: string): Identity {
  try {
    const key = createPrivateKey({ key: pem, format: 'pem' });
    if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not Ed25519');
    const publicKey = PublicKey.parse(createPublicKey(key).export({ format: 'jwk' }).x);
    // A closure and no field: an identity that is logged or inspected shows its public half only.
    return { publicKey, sign: (prefix, text) => sign(null, Buffer.from(prefix + text, 'utf8'), key).toString('base64url') };
  } catch {
    throw new LinkError(
      'key-malformed',
      `${path} is not a private Ed25519 key. It was left as it is; put the right file back, or move it away and enrol again.`,
    );
  }
}

/** Reads the enrolment file. Null when this host was never enrolled. */
export function readEnrolment(dir: string, disk: Disk = realDisk): Enrolment | null {
  const path = agentFiles(dir).enrolment;
  let bytes: Buffer | null;
  try {
    bytes = disk.read(path);
  } catch (error) {
    throw new LinkError('enrolment-unreadable', `${path} cannot be read: ${whyNot(error)}. It was left as it is.`);
  }
  if (bytes === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new LinkError(
      'enrolment-malformed',
      `${path} is not JSON. It was left as it is; put the right file back, or move it away and enrol again.`,
    );
  }
  const parsed = Enrolment.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new LinkError(
      'enrolment-malformed',
      `${path}: ${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'not as expected'}. It was left as it is; put the right file back, or move it away and enrol again.`,
    );
  }
  try {
    parseServerUrl(parsed.data.server);
  } catch (error) {
    if (error instanceof LinkError) throw new LinkError(error.code, `${path}: server: ${error.message}`);
    throw error;
  }
  return parsed.data;
}

/** Writes the enrolment, then puts the enrolled key in its place; each step is whole or not there. */
export function saveEnrolment(
  dir: string,
  server: string,
  publicKey: string,
  answer: EnrolAnswer,
  { disk = realDisk, now = Date.now() }: { disk?: Disk; now?: number } = {},
): Enrolment {
  const enrolment: Enrolment = {
    schema: 1,
    server,
    hostId: answer.hostId,
    publicKey,
    enrolledAt: new Date(now).toISOString(),
    orderKeys: [{ keyId: answer.orderKeyId, publicKey: answer.orderKey }],
  };
  put(disk, agentFiles(dir).enrolment, `${JSON.stringify(enrolment, null, 2)}\n`);
  loadEnrolled(dir, disk);
  return enrolment;
}

/** Who this host is. Finishes an enrolment that was cut off between its two writes. Throws a LinkError when there is nothing to load. */
export function loadEnrolled(dir: string, disk: Disk = realDisk): { identity: Identity; enrolment: Enrolment } {
  const files = agentFiles(dir);
  const enrolment = readEnrolment(dir, disk);
  if (!enrolment)
    throw new LinkError(
      'not-enrolled',
      `This computer is not enrolled (${files.enrolment} is missing). Run: lockstep-agent enroll --server URL`,
    );
  // The pending key first: once the enrolment names it, a key of an earlier enrolment beside it is out of use.
  const pending = readIdentity(files.nextKey, disk);
  if (pending?.publicKey === enrolment.publicKey) {
    const bytes = disk.read(files.nextKey);
    if (bytes) put(disk, files.key, bytes);
    disk.remove(files.nextKey);
    return { identity: pending, enrolment };
  }
  const identity = readIdentity(files.key, disk);
  if (!identity) throw new LinkError('key-unreadable', `The key ${files.key} is missing. Put it back, or enrol again.`);
  if (identity.publicKey !== enrolment.publicKey) {
    throw new LinkError('key-malformed', `The key ${files.key} is not the one that was enrolled. Put the right file back, or enrol again.`);
  }
  return { identity, enrolment };
}
