import { createHash, verify, X509Certificate } from 'node:crypto';
import { CMS_OID, DER_TAG, DerReader, DeviceError, integer, nullValue, oid, sequence, set, signerIdentifier } from '@lockstep/agent/device';

/** [0] of the structures below: content, certificates, signed attributes (RFC 5652). */
const CONTEXT_0 = 0xa0;

/**
 * Whether `answer` is a CMS SignedData over this challenge, made with the key of this very certificate: the proof that a supervised phone
 * wants of its organisation's computer. Takes the one form that is sent: one signer, SHA-256 with RSA, signed attributes, the certificate
 * inside. Anything else, and whatever cannot be read, proves nothing.
 */
export function provesIdentity(answer: Uint8Array, challenge: Uint8Array, certificate: Uint8Array): boolean {
  try {
    const { content, shown, signer, attributes, signature } = readSignedData(answer);
    if (!content.equals(challenge) || !shown.equals(certificate) || !signer.equals(signerIdentifier(certificate))) return false;
    const digest = createHash('sha256').update(challenge).digest();
    if (!attributeOf(attributes, CMS_OID.messageDigest, DER_TAG.octetString)?.equals(digest)) return false;
    if (!attributeOf(attributes, CMS_OID.contentType, DER_TAG.oid)?.equals(contentOf(oid(CMS_OID.data)))) return false;
    // What is signed is the SET, not the context tag that it travels under (RFC 5652, 5.4).
    const signed = Buffer.from(attributes);
    signed[0] = DER_TAG.set;
    return verify('sha256', signed, new X509Certificate(certificate).publicKey, signature);
  } catch (error) {
    if (error instanceof DeviceError) return false;
    throw error;
  }
}

interface ReadSignedData {
  content: Buffer;
  shown: Buffer;
  /** IssuerAndSerialNumber. */
  signer: Buffer;
  /** Under their context tag, which has as many bytes as the tag of a SET. */
  attributes: Buffer;
  signature: Buffer;
}

const VERSION = integer(1);
const SHA256 = sequence(oid(CMS_OID.sha256), nullValue());
const RSA = sequence(oid(CMS_OID.rsa), nullValue());

function readSignedData(answer: Uint8Array): ReadSignedData {
  const outer = new DerReader(answer);
  const info = outer.into(DER_TAG.sequence);
  expect(info, oid(CMS_OID.signedData));
  const wrapped = info.into(CONTEXT_0);
  const body = wrapped.into(DER_TAG.sequence);
  expect(body, VERSION);
  expect(body, set(SHA256));
  const inside = body.into(DER_TAG.sequence);
  expect(inside, oid(CMS_OID.data));
  const carried = inside.into(CONTEXT_0);
  const content = carried.next(DER_TAG.octetString).content;
  const certificates = body.into(CONTEXT_0);
  const shown = certificates.next(DER_TAG.sequence).whole;
  const signers = body.into(DER_TAG.set);
  const signer = signers.into(DER_TAG.sequence);
  expect(signer, VERSION);
  const name = signer.next(DER_TAG.sequence).whole;
  expect(signer, SHA256);
  const attributes = signer.next(CONTEXT_0).whole;
  expect(signer, RSA);
  const signature = signer.next(DER_TAG.octetString).content;
  for (const reader of [outer, info, wrapped, body, inside, carried, certificates, signers, signer]) reader.end();
  return { content, shown, signer: name, attributes, signature };
}

/** Reads an element that has to be this one, byte for byte. */
function expect(reader: DerReader, element: Buffer): void {
  if (!reader.next().whole.equals(element)) throw new DeviceError('challenge', { kind: 'garbage' });
}

/** The one value of an attribute; null when it is not there. */
function attributeOf(attributes: Buffer, dotted: string, tag: number): Buffer | null {
  const list = new DerReader(attributes).into(CONTEXT_0);
  while (!list.done) {
    const attribute = list.into(DER_TAG.sequence);
    const type = attribute.next(DER_TAG.oid).whole;
    const values = attribute.into(DER_TAG.set);
    if (type.equals(oid(dotted))) return values.next(tag).content;
  }
  return null;
}

function contentOf(element: Buffer): Buffer {
  return new DerReader(element).next().content;
}
