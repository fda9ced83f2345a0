import type { KeyObject } from 'node:crypto';
import { createHash, createPublicKey, generateKeyPair, sign, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { bitString, booleanTrue, context, integer, nullValue, octetString, oid, sequence, time } from './der.js';
import { DeviceError } from './errors.js';

const OID = {
  sha256WithRsa: '1.2.840.113549.1.1.11',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  subjectKeyIdentifier: '2.5.29.14',
} as const;

/** libimobiledevice userpref.c: ten years. */
const VALID_DAYS = 3650;
const DAY_MS = 86_400_000;
/** digitalSignature and keyEncipherment: bits 0 and 2 of KeyUsage (RFC 5280, 4.2.1.3), five bits of padding. */
const KEY_USAGE = { bits: 0xa0, unused: 5 };
/** Both key sizes and signature are what libimobiledevice's userpref.c and pymobiledevice3's ca.py use: phones accept them. */
const RSA_BITS = 2048;
/** A phone's pairing key has 1024 (old) or 2048 bits; far larger ones would only burn this computer's time. */
const DEVICE_KEY_BITS = { min: 1024, max: 4096 };
/** A 4096-bit key is 800 bytes of PEM. */
const DEVICE_KEY_BYTES = 8192;

export interface CertificateRequest {
  /** Root: may sign others. Leaf: a host or a device. */
  role: 'root' | 'host' | 'device';
  serial: number;
  subjectKey: KeyObject;
  issuerKey: KeyObject;
  /** Now; the certificate is valid from a day before, because the phone's clock may be behind, and for ten years. */
  now: Date;
}

/**
 * An X.509 v3 certificate as pairing wants it: RSA with SHA-256, empty subject and issuer, basic constraints (critical), for leaves
 * also key usage (critical), for the device also a subject key identifier. Layout as in libimobiledevice's userpref.c. Returns DER.
 */
export function certificateFor({ role, serial, subjectKey, issuerKey, now }: CertificateRequest): Buffer {
  const algorithm = sequence(oid(OID.sha256WithRsa), nullValue());
  const nobody = sequence();
  const spki = subjectKey.export({ type: 'spki', format: 'der' });
  const from = new Date(now.getTime() - DAY_MS);
  const to = new Date(now.getTime() + VALID_DAYS * DAY_MS);
  const signed = sequence(
    context(0, integer(2)),
    integer(serial),
    algorithm,
    nobody,
    sequence(time(from), time(to)),
    nobody,
    spki,
    context(3, sequence(...extensions(role, subjectKey))),
  );
  return sequence(signed, algorithm, bitString(sign('sha256', signed, issuerKey)));
}

function extensions(role: CertificateRequest['role'], subjectKey: KeyObject): Buffer[] {
  const list = [sequence(oid(OID.basicConstraints), booleanTrue(), octetString(role === 'root' ? sequence(booleanTrue()) : sequence()))];
  if (role === 'device') {
    // RFC 5280, 4.2.1.2 (1): the SHA-1 of the key's own bits, which for RSA are its PKCS#1 form. A name, not a protection.
    const id = createHash('sha1')
      .update(subjectKey.export({ type: 'pkcs1', format: 'der' }))
      .digest();
    list.push(sequence(oid(OID.subjectKeyIdentifier), octetString(octetString(id))));
  }
  if (role !== 'root') {
    list.push(sequence(oid(OID.keyUsage), booleanTrue(), octetString(bitString(Buffer.from([KEY_USAGE.bits]), KEY_USAGE.unused))));
  }
  return list;
}

/** PEM of a DER certificate, 64 characters a line. */
export function certificatePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** DER of a certificate that is kept as PEM or DER. Throws DeviceError `garbage`. */
export function certificateDer(bytes: Uint8Array): Buffer {
  try {
    return new X509Certificate(bytes).raw;
  } catch (error) {
    throw new DeviceError('certificate', { kind: 'garbage' }, { cause: error });
  }
}

const generate = promisify(generateKeyPair);

export interface RsaKeys {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/** A new RSA key pair, made off the main thread (100 to 300 ms). */
export async function newRsaKeys(): Promise<RsaKeys> {
  return generate('rsa', { modulusLength: RSA_BITS });
}

/** Reads a phone's `DevicePublicKey`: PEM, PKCS#1. Throws DeviceError `garbage` for anything but an RSA key of 1024 to 4096 bits. */
export function devicePublicKey(pem: string | Uint8Array): KeyObject {
  const bytes = typeof pem === 'string' ? Buffer.from(pem, 'utf8') : Buffer.from(pem);
  const refuse = (cause?: unknown) => new DeviceError('DevicePublicKey', { kind: 'garbage' }, { cause });
  if (bytes.length > DEVICE_KEY_BYTES) throw refuse();
  // `createPublicKey` would also take a private key or a certificate.
  if (!/^\s*-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(bytes.toString('latin1'))) throw refuse();
  let key: KeyObject;
  try {
    key = createPublicKey({ key: bytes, format: 'pem' });
  } catch (error) {
    throw refuse(error);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < DEVICE_KEY_BITS.min || bits > DEVICE_KEY_BITS.max) throw refuse();
  return key;
}
