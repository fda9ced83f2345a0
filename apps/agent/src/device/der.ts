/**
 * A small builder for DER (ITU-T X.690), with just what an X.509 certificate and a CMS signature need. Node makes keys and signatures
 * but neither of those, and the packages that do bring a second crypto stack along.
 */

/** The tags that certificates and signatures are made of. */
export const DER_TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

function tlv(tag: number, content: Uint8Array): Buffer {
  const length = content.length;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length, ...digits]), content]);
}

/** A SEQUENCE of parts that are DER themselves. */
export function sequence(...parts: Uint8Array[]): Buffer {
  return tlv(DER_TAG.sequence, Buffer.concat(parts));
}

/** A SET OF parts that are DER themselves, in the order that DER demands: by their bytes. */
export function set(...parts: Uint8Array[]): Buffer {
  return tlv(DER_TAG.set, Buffer.concat([...parts].sort(Buffer.compare)));
}

/** A non-negative INTEGER below 2^31. */
export function integer(value: number): Buffer {
  const digits: number[] = [];
  for (let rest = value; rest > 0; rest >>= 8) digits.unshift(rest & 0xff);
  // A leading bit of 1 would read as a negative number.
  if (digits.length === 0 || (digits[0] as number) >= 0x80) digits.unshift(0);
  return tlv(DER_TAG.integer, Buffer.from(digits));
}

/** BOOLEAN TRUE. FALSE is the default everywhere in a certificate, and DER leaves defaults out. */
export function booleanTrue(): Buffer {
  return tlv(DER_TAG.boolean, Buffer.from([0xff]));
}

export function nullValue(): Buffer {
  return tlv(DER_TAG.null, Buffer.alloc(0));
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...others]) {
    const groups = [arc & 0x7f];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) groups.unshift((rest % 128) | 0x80);
    bytes.push(...groups);
  }
  return tlv(DER_TAG.oid, Buffer.from(bytes));
}

/** A BIT STRING; `unused` counts the padding bits of the last byte. */
export function bitString(bytes: Uint8Array, unused = 0): Buffer {
  return tlv(DER_TAG.bitString, Buffer.concat([Buffer.from([unused]), bytes]));
}

export function octetString(bytes: Uint8Array): Buffer {
  return tlv(DER_TAG.octetString, bytes);
}

/** A constructed context tag around its content: `[0] EXPLICIT`, or `[0] IMPLICIT` of a sequence or set whose content is given. */
export function context(number: number, part: Uint8Array): Buffer {
  return tlv(0xa0 | number, part);
}

/** A time to the second: UTCTime to the end of 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  const utc = at.getUTCFullYear() >= 1950 && at.getUTCFullYear() < 2050;
  return tlv(utc ? DER_TAG.utcTime : DER_TAG.generalizedTime, Buffer.from(`${utc ? digits.slice(2) : digits}Z`, 'latin1'));
}
