import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import { DeviceError } from './errors.js';
import { signedData } from './signed-data.js';

const REDACTED = '[OrganisationIdentity: redacted]';
/** A 4096-bit key is 3.2 kB of PEM, a certificate of Apple Configurator under 2 kB. */
const PEM_BYTES = 65_536;
/** A phone's challenge is some tens of bytes; what is signed blindly is kept small. */
const CHALLENGE_BYTES = 4_096;
const MIN_RSA_BITS = 2_048;

export interface OrganisationFiles {
  /** The supervising certificate, PEM or DER, as Apple Configurator exports it (`.crt`). */
  certificate: Uint8Array;
  /** Its private key, PEM or DER (PKCS#8 or PKCS#1). */
  privateKey: Uint8Array;
  passphrase?: string | undefined;
}

/**
 * The identity of the organisation that supervises phones: certificate and private key. With it a supervised phone is paired without a
 * dialog. The key stays in private fields; JSON, `inspect` and text forms are redacted.
 */
export class OrganisationIdentity {
  readonly #certificate: Buffer;
  readonly #key: KeyObject;

  private constructor(certificate: Buffer, key: KeyObject) {
    this.#certificate = certificate;
    this.#key = key;
  }

  /** Throws DeviceError `garbage` for what is no RSA certificate with its own private key, never naming a content. */
  static parse({ certificate, privateKey, passphrase }: OrganisationFiles): OrganisationIdentity {
    const refuse = (cause?: unknown) => new DeviceError('organisation identity', { kind: 'garbage' }, { cause });
    if (certificate.length > PEM_BYTES || privateKey.length > PEM_BYTES) throw refuse();
    let x509: X509Certificate;
    let key: KeyObject;
    try {
      x509 = new X509Certificate(certificate);
      key = readKey(Buffer.from(privateKey), passphrase);
    } catch (error) {
      throw refuse(error);
    }
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (key.asymmetricKeyType !== 'rsa' || bits < MIN_RSA_BITS || !x509.checkPrivateKey(key)) throw refuse();
    return new OrganisationIdentity(Buffer.from(x509.raw), key);
  }

  /** The certificate that a phone compares with the one it was supervised with, DER. */
  get certificate(): Buffer {
    return Buffer.from(this.#certificate);
  }

  /** A phone's challenge, signed: a CMS SignedData in DER. Throws DeviceError `too-large` for a challenge that is none. */
  answer(challenge: Uint8Array, now: Date = new Date()): Buffer {
    if (challenge.length === 0 || challenge.length > CHALLENGE_BYTES)
      throw new DeviceError('PairingChallenge', { kind: 'too-large', bytes: challenge.length, limit: CHALLENGE_BYTES });
    return signedData({ content: challenge, certificate: this.#certificate, privateKey: this.#key, now });
  }

  toJSON(): string {
    return REDACTED;
  }

  toString(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

function readKey(bytes: Buffer, passphrase: string | undefined): KeyObject {
  const secret = passphrase === undefined ? {} : { passphrase };
  if (bytes.subarray(0, 64).toString('latin1').trimStart().startsWith('-----'))
    return createPrivateKey({ key: bytes, format: 'pem', ...secret });
  try {
    return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8', ...secret });
  } catch {
    return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs1' });
  }
}
