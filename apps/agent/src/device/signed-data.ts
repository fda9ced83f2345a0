import { createHash, type KeyObject, sign } from 'node:crypto';
import { context, DER_TAG, integer, nullValue, octetString, oid, sequence, set, time } from './der.js';
import { DerReader } from './der-read.js';

/** Object identifiers of CMS (RFC 5652) and of the algorithms that phones take. */
export const CMS_OID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  sha256: '2.16.840.1.101.3.4.2.1',
  rsa: '1.2.840.113549.1.1.1',
} as const;

export interface SignedDataRequest {
  /** What is signed; it travels inside. */
  content: Uint8Array;
  /** The signer's certificate, DER; it travels inside. */
  certificate: Uint8Array;
  /** Its RSA key. */
  privateKey: KeyObject;
  /** Now. */
  now: Date;
}

/**
 * A CMS SignedData (PKCS#7) in DER: the content, one signer named by issuer and serial number, SHA-256 with RSA over signed attributes.
 * What go-ios' and pymobiledevice3's supervised pairing sends, and `openssl cms -verify` accepts. Throws DeviceError `garbage` when the
 * certificate is none.
 */
export function signedData({ content, certificate, privateKey, now }: SignedDataRequest): Buffer {
  const sha256 = sequence(oid(CMS_OID.sha256), nullValue());
  const attribute = (type: string, value: Uint8Array) => sequence(oid(type), set(value));
  const attributes = set(
    attribute(CMS_OID.contentType, oid(CMS_OID.data)),
    attribute(CMS_OID.signingTime, time(now)),
    attribute(CMS_OID.messageDigest, octetString(createHash('sha256').update(content).digest())),
  );
  const signer = sequence(
    integer(1),
    signerIdentifier(certificate),
    sha256,
    // Signed as the SET they are, sent under a context tag (RFC 5652, 5.4).
    context(0, new DerReader(attributes).next(DER_TAG.set).content),
    sequence(oid(CMS_OID.rsa), nullValue()),
    octetString(sign('sha256', attributes, privateKey)),
  );
  const body = sequence(
    integer(1),
    set(sha256),
    sequence(oid(CMS_OID.data), context(0, octetString(content))),
    context(0, certificate),
    set(signer),
  );
  return sequence(oid(CMS_OID.signedData), context(0, body));
}

/** IssuerAndSerialNumber, byte for byte as the certificate has them (RFC 5280, 4.1). */
export function signerIdentifier(certificate: Uint8Array): Buffer {
  const fields = new DerReader(certificate).into(DER_TAG.sequence).into(DER_TAG.sequence);
  // The version is left out in certificates of version 1.
  if (fields.tag === 0xa0) fields.next();
  const serial = fields.next(DER_TAG.integer);
  fields.next(DER_TAG.sequence);
  const issuer = fields.next(DER_TAG.sequence);
  return sequence(issuer.whole, serial.whole);
}
