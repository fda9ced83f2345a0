import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import type { Reading } from '@lockstep/core/health';
import { isStorableText } from '@lockstep/core/health';
import { certificateDer, certificateFor, certificatePem, devicePublicKey, newRsaKeys, type RsaKeys } from './certificates.js';
import { DeviceError } from './errors.js';
import { parsePlistDict } from './plist.js';
import type { PlistDict } from './plist-value.js';
import { newDict } from './plist-value.js';
import { writePlist } from './plist-write.js';

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

  /** The bytes to store: an XML property list, private keys included. */
  serialise(): Buffer {
    return writePlist(this.#values);
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
 * What may be told about a stored record: names of its keys, size, whether a session could be tried with it, and whether it belongs
 * to this multiplexer's BUID (null when that is not known). Never throws: a record that cannot be read is one without keys.
 */
export function pairRecordMetadata(bytes: Uint8Array, systemBuid: string | null): Reading<'pair-record'> {
  let values: PlistDict;
  try {
    values = readValues(bytes);
  } catch {
    return { keys: [], bytes: bytes.length, sameBuid: null, complete: false };
  }
  const keys = Object.keys(values).filter((key) => key.length <= 64 && isStorableText(key));
  const buid = values.SystemBUID;
  return {
    keys: keys.sort().slice(0, 32),
    bytes: bytes.length,
    sameBuid: systemBuid === null || typeof buid !== 'string' ? null : buid === systemBuid,
    complete: isComplete(values),
  };
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
