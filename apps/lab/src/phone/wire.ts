import { encodeLockdownFrame, isDict, type PlistDict, type PlistValue, writeBinaryPlist, writePlist } from '@lockstep/agent/device';

/** Characters that XML 1.0 has no way to write. */
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/**
 * A message of lockdownd or a service in its frame. XML, as lockdownd answers; binary where a text holds what XML cannot carry (a NUL or
 * half a surrogate pair in a phone's name), which clients have to read as well.
 */
export function encodeMessage(message: PlistDict): Buffer {
  return encodeLockdownFrame(fitsXml(message) ? writePlist(message) : writeBinaryPlist(message));
}

function fitsXml(value: PlistValue): boolean {
  if (typeof value === 'string') return !NOT_IN_XML.test(value) && Buffer.from(value, 'utf8').toString('utf8') === value;
  if (Array.isArray(value)) return value.every(fitsXml);
  if (isDict(value)) return Object.values(value).every(fitsXml);
  return true;
}
