import { BINARY_MAGIC, readBinaryPlist } from './plist-binary.js';
import type { PlistDict, PlistLimits, PlistValue } from './plist-value.js';
import { isDict, PLIST_LIMITS, PlistError } from './plist-value.js';
import { readXmlPlist } from './plist-xml.js';

/**
 * Reads a property list, XML or binary, from a phone, a multiplexer or a file, none of which is trusted: document types other than
 * Apple's own line and all declared entities are refused, and size, depth and number of values are capped before anything is built.
 * Throws PlistError and nothing else.
 */
export function parsePlist(bytes: Uint8Array, limits: Partial<PlistLimits> = {}): PlistValue {
  const all = { ...PLIST_LIMITS, ...limits };
  if (bytes.length > all.bytes) throw new PlistError('too-large', all.bytes);
  const magic = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(BINARY_MAGIC.length, bytes.byteLength)).toString('latin1');
  return magic === BINARY_MAGIC ? readBinaryPlist(bytes, all) : readXmlPlist(bytes, all);
}

/** Reads a property list whose root has to be a dictionary, as all messages of both protocols are. Throws PlistError. */
export function parsePlistDict(bytes: Uint8Array, limits: Partial<PlistLimits> = {}): PlistDict {
  const value = parsePlist(bytes, limits);
  if (!isDict(value)) throw new PlistError('malformed', 0);
  return value;
}
