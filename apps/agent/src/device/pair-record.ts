import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import type { Reading } from '@lockstep/core/health';
import { isStorableText } from '@lockstep/core/health';
import type { PlistDict, PlistValue } from '../machine/index.js';
import { newDict, PlistError, parsePlistDict, writeBinaryPlist, writePlist } from '../machine/index.js';
import { certificateDer, certificateFor, certificatePem, devicePublicKey, newRsaKeys, type RsaKeys } from './certificates.js';
import { DeviceError } from './errors.js';

/** Without these no session can be opened. EscrowBag and WiFiMACAddress are extras: a record made over another tool may lack them. */
const REQUIRED = {
  HostID: 'text',
  SystemBUID: 'text',
  DeviceCertificate: 'data',
  HostCertificate: 'data',
  HostPrivateKey: 'data',
  RootCertificate: 'data',
  RootPrivateKey: 'data',
} as const;

/** What a phone is shown of a record: no private key, no escrow key. */
const SHOWN_TO_PHONE = ['DeviceCertificate', 'HostCertificate', 'HostID', 'RootCertificate', 'SystemBUID'] as const;

/** A record is about 10 kB; the multiplexer takes no request over 64 KiB. */
const RECORD_LIMITS = { bytes: 65_536, depth: 4, values: 256 };

const REDACTED = '[PairRecord: redacted]';

/**
 * A pair record: the keys and certificates with which this computer opens the phone without further consent. Its contents stay in
 * private fields; JSON, `inspect` and text forms are redacted, so that no log line can hold them by accident.
 */
export class PairRecord {
  readonly #values: PlistDict;

  private constructor(values: PlistDict) {
    this.#values = values;
  }

  /** Reads a stored record. Keys that this program does not know are kept. Throws DeviceError `garbage`, never naming a content. */
  static parse(bytes: Uint8Array): PairRecord {
    return PairRecord.from(readValues(bytes));
  }

  /** Takes values as a record; throws DeviceError `garbage` when one that a session needs is missing. */
  static from(values: PlistDict): PairRecord {
    if (!isComplete(values)) throw new DeviceError('pair record', { kind: 'garbage' });
    return new PairRecord(Object.assign(newDict(), values));
  }

  /** The bytes to store, private keys included: an XML property list, or a binary one where a kept key holds what XML cannot carry. */
  serialise(): Buffer {
    try {
      return writePlist(this.#values);
    } catch (error) {
      if (!(error instanceof PlistError)) throw error;
      return writeBinaryPlist(this.#values);
    }
  }

  get hostId(): string {
    return this.#values.HostID as string;
  }

  get systemBuid(): string {
    return this.#values.SystemBUID as string;
  }

  /** Whether the phone gave its escrow key, without which it stays closed before the first unlock after a restart. */
  get hasEscrowBag(): boolean {
    return this.#values.EscrowBag instanceof Uint8Array;
  }

  /** The escrow key for a StartService request inside this pairing's own session, and for nothing else; null when the phone gave none. */
  escrowBag(): Buffer | null {
    const bag = this.#values.EscrowBag;
    return bag instanceof Uint8Array ? Buffer.from(bag) : null;
  }

  /** The `PairRecord` of a Pair or Unpair request. */
  forPhone(): PlistDict {
    const shown = newDict();
    for (const key of SHOWN_TO_PHONE) shown[key] = this.#values[key] as string | Uint8Array;
    return shown;
  }

  /** The certificate the paired phone shows in TLS, as DER. Throws DeviceError `garbage`. */
  deviceCertificate(): Buffer {
    return certificateDer(this.#values.DeviceCertificate as Uint8Array);
  }

  /** PEM of the host's certificate and private key, for TLS only. */
  tlsIdentity(): { cert: Buffer; key: Buffer } {
    return { cert: Buffer.from(this.#values.HostCertificate as Uint8Array), key: Buffer.from(this.#values.HostPrivateKey as Uint8Array) };
  }

  /** This record with what the phone answered to an accepted Pair; parts not given stay as they are. */
  granted({ escrowBag, wifiMacAddress }: { escrowBag?: Uint8Array | undefined; wifiMacAddress?: string | undefined }): PairRecord {
    const values = Object.assign(newDict(), this.#values);
    if (escrowBag !== undefined) values.EscrowBag = escrowBag;
    if (wifiMacAddress !== undefined) values.WiFiMACAddress = wifiMacAddress;
    return new PairRecord(values);
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

export interface NewPairRecordOptions {
  /** The host's id in the record; a fresh UUID in capitals when left out, as Apple's own hosts write it. */
  hostId?: string | undefined;
  /** The multiplexer's BUID: the phone and the daemon compare it. */
  systemBuid: string;
  /** Now, for the certificates' dates. */
  now?: Date | undefined;
  /** The keys of root and host; new ones when left out, as every pairing of an agent has. */
  keys?: PairingKeys | undefined;
}

/** The two key pairs that a host makes for a pairing. */
export type PairingKeys = readonly [root: RsaKeys, host: RsaKeys];

/** Makes the keys of a pairing: nearly all of the time that making a record takes. */
export async function newPairingKeys(): Promise<PairingKeys> {
  return Promise.all([newRsaKeys(), newRsaKeys()]);
}

/**
 * Makes the keys and the three certificates of a new pairing from the phone's `DevicePublicKey`. The host makes the device's
 * certificate too; the phone shows it later in TLS. About 250 to 550 ms, nearly all of it two RSA keys, off the main thread.
 * Throws DeviceError `garbage` when the phone's key is none.
 */
export async function newPairRecord(devicePublicKeyPem: string | Uint8Array, options: NewPairRecordOptions): Promise<PairRecord> {
  const deviceKey = devicePublicKey(devicePublicKeyPem);
  const now = options.now ?? new Date();
  const [root, host] = options.keys ?? (await newPairingKeys());
  const issuer = { issuerKey: root.privateKey, now };
  const pem = (der: Uint8Array) => Buffer.from(certificatePem(der), 'latin1');
  const values = newDict();
  values.DeviceCertificate = pem(certificateFor({ role: 'device', serial: 1, subjectKey: deviceKey, ...issuer }));
  values.HostCertificate = pem(certificateFor({ role: 'host', serial: 1, subjectKey: host.publicKey, ...issuer }));
  values.HostID = options.hostId ?? randomUUID().toUpperCase();
  values.HostPrivateKey = Buffer.from(host.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  values.RootCertificate = pem(certificateFor({ role: 'root', serial: 0, subjectKey: root.publicKey, ...issuer }));
  values.RootPrivateKey = Buffer.from(root.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  values.SystemBUID = options.systemBuid;
  return PairRecord.from(values);
}

/**
 * What may be told about a stored record: names of its keys, size, whether a session could be tried with it, whether it belongs to this
 * multiplexer's BUID (null when that is not known), and when the first of its certificates ends (null when that cannot be read). Never
 * throws: a record that cannot be read is one without keys.
 */
export function pairRecordMetadata(bytes: Uint8Array, systemBuid: string | null): Reading<'pair-record'> {
  let values: PlistDict;
  try {
    values = readValues(bytes);
  } catch {
    return { keys: [], bytes: bytes.length, sameBuid: null, complete: false, endsAt: null };
  }
  const keys = Object.keys(values).filter((key) => key.length <= 64 && isStorableText(key));
  const buid = values.SystemBUID;
  return {
    keys: keys.sort().slice(0, 32),
    bytes: bytes.length,
    sameBuid: systemBuid === null || typeof buid !== 'string' ? null : buid === systemBuid,
    complete: isComplete(values),
    endsAt: firstEnd(values),
  };
}

const CERTIFICATES = ['DeviceCertificate', 'HostCertificate', 'RootCertificate'] as const;

/** When the first of the record's certificates ends, ISO 8601 UTC; null without any that can be read. */
function firstEnd(values: PlistDict): string | null {
  const ends = CERTIFICATES.map((key) => endOf(values[key])).filter((at) => Number.isFinite(at));
  return ends.length === 0 ? null : new Date(Math.min(...ends)).toISOString();
}

/** What was read of certificates before, by their SHA-256: a record is looked at every half minute and is the same for years. */
const ends = new Map<string, number>();
/** Three certificates of more phones than a computer may tell of are never held. */
const ENDS_KEPT = 1_024;

function endOf(certificate: PlistValue | undefined): number {
  if (!(certificate instanceof Uint8Array)) return Number.NaN;
  const print = createHash('sha256').update(certificate).digest('base64');
  let end = ends.get(print);
  if (end === undefined) {
    end = readEnd(certificate);
    if (ends.size >= ENDS_KEPT) ends.clear();
    ends.set(print, end);
  }
  return end;
}

function readEnd(certificate: Uint8Array): number {
  try {
    return Date.parse(new X509Certificate(certificate).validTo);
  } catch {
    return Number.NaN;
  }
}

function readValues(bytes: Uint8Array): PlistDict {
  try {
    return parsePlistDict(bytes, RECORD_LIMITS);
  } catch (error) {
    throw new DeviceError('pair record', { kind: 'garbage' }, { cause: error });
  }
}

function isComplete(values: PlistDict): boolean {
  return Object.entries(REQUIRED).every(([key, kind]) => {
    const value = values[key];
    return kind === 'text' ? typeof value === 'string' && value !== '' : value instanceof Uint8Array && value.length > 0;
  });
}
