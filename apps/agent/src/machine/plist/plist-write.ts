import { BINARY_MAGIC } from './plist-binary.js';
import type { PlistValue } from './plist-value.js';
import { integerValue, isDict, PLIST_LIMITS, PlistError } from './plist-value.js';

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n' +
  '<plist version="1.0">\n';
const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };
const APPLE_EPOCH_MS = Date.UTC(2001, 0, 1);

/**
 * Writes an XML property list. Numbers without a fraction become integers. Throws PlistError `unwritable` for what XML cannot carry:
 * control characters, halves of surrogate pairs, numbers that are not finite, dates outside the years 0 to 9999, nesting beyond PLIST_LIMITS.
 */
export function writePlist(value: PlistValue): Buffer {
  const parts = [HEAD];
  writeXml(value, parts, 0);
  parts.push('</plist>\n');
  return Buffer.from(parts.join(''), 'utf8');
}

function writeXml(value: PlistValue, parts: string[], depth: number): void {
  if (depth > PLIST_LIMITS.depth) throw new PlistError('unwritable');
  if (typeof value === 'string') parts.push('<string>', escapeXml(value), '</string>\n');
  else if (typeof value === 'boolean') parts.push(value ? '<true/>\n' : '<false/>\n');
  else if (typeof value === 'bigint') parts.push('<integer>', String(integerValue(value, null)), '</integer>\n');
  else if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new PlistError('unwritable');
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) parts.push('<integer>', String(value), '</integer>\n');
    else parts.push('<real>', Object.is(value, -0) ? '-0.0' : String(value), '</real>\n');
  } else if (value instanceof Date) parts.push('<date>', isoSeconds(value), '</date>\n');
  else if (value instanceof Uint8Array) parts.push('<data>', Buffer.from(value).toString('base64'), '</data>\n');
  else if (Array.isArray(value)) {
    parts.push('<array>\n');
    for (const item of value) writeXml(item, parts, depth + 1);
    parts.push('</array>\n');
  } else if (isDict(value)) {
    parts.push('<dict>\n');
    for (const [key, item] of Object.entries(value)) {
      parts.push('<key>', escapeXml(key), '</key>');
      writeXml(item, parts, depth + 1);
    }
    parts.push('</dict>\n');
  } else throw new PlistError('unwritable');
}

function escapeXml(text: string): string {
  if (!isXmlText(text)) throw new PlistError('unwritable');
  return text.replace(/[&<>\r]/g, (char) => ESCAPES[char] as string);
}

/** Whether XML 1.0 can carry the text: no control character but tab and line ends, no half of a surrogate pair. */
export function isXmlText(text: string): boolean {
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return false;
    if ((code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff) return false;
  }
  return true;
}

function isoSeconds(date: Date): string {
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) throw new PlistError('unwritable');
  return `${date.toISOString().slice(0, 19)}Z`;
}

/**
 * Writes a binary property list, as phones answer. Unlike the XML form it carries every UTF-16 string, control characters and lone
 * surrogates too. The agent itself sends XML only; simulated phones use this. Throws PlistError `unwritable`.
 */
export function writeBinaryPlist(value: PlistValue): Buffer {
  const slots: PlistValue[] = [];
  const children: number[][] = [];
  collect(value, slots, children, 0);
  const refBytes = slots.length < 0x100 ? 1 : slots.length < 0x10000 ? 2 : 4;
  const parts: Buffer[] = [Buffer.from(BINARY_MAGIC, 'latin1')];
  const offsets: number[] = [];
  let at = BINARY_MAGIC.length;
  slots.forEach((slot, i) => {
    const part = encode(slot, children[i] as number[], refBytes);
    offsets.push(at);
    parts.push(part);
    at += part.length;
  });
  const trailer = Buffer.alloc(32);
  trailer.writeUInt8(4, 6);
  trailer.writeUInt8(refBytes, 7);
  trailer.writeBigUInt64BE(BigInt(slots.length), 8);
  trailer.writeBigUInt64BE(BigInt(at), 24);
  return Buffer.concat([...parts, ...offsets.map((offset) => unsigned(BigInt(offset), 4)), trailer]);
}

/** Numbers the values in the order in which they are met, the root first; `children` holds the numbers each one names. */
function collect(value: PlistValue, slots: PlistValue[], children: number[][], depth: number): number {
  if (depth > PLIST_LIMITS.depth) throw new PlistError('unwritable');
  const index = slots.push(value) - 1;
  const mine: number[] = [];
  children.push(mine);
  const items = Array.isArray(value) ? value : isDict(value) ? [...Object.keys(value), ...Object.values(value)] : [];
  for (const item of items) mine.push(collect(item, slots, children, depth + 1));
  return index;
}

function encode(value: PlistValue, refs: number[], refBytes: number): Buffer {
  if (typeof value === 'boolean') return Buffer.from([value ? 0x09 : 0x08]);
  if (typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0)))
    return encodeInteger(BigInt(value as bigint | number));
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new PlistError('unwritable');
    return encodeDouble(0x23, value);
  }
  if (value instanceof Date) return encodeDouble(0x33, (value.getTime() - APPLE_EPOCH_MS) / 1000);
  if (value instanceof Uint8Array) return Buffer.concat([counted(0x4, value.length), value]);
  if (typeof value === 'string') {
    // In UTF-8 only ASCII takes one byte a character.
    if (Buffer.byteLength(value, 'utf8') === value.length) return Buffer.concat([counted(0x5, value.length), Buffer.from(value, 'latin1')]);
    return Buffer.concat([counted(0x6, value.length), Buffer.from(value, 'utf16le').swap16()]);
  }
  const body = refs.map((ref) => unsigned(BigInt(ref), refBytes));
  if (Array.isArray(value)) return Buffer.concat([counted(0xa, refs.length), ...body]);
  if (isDict(value)) return Buffer.concat([counted(0xd, refs.length / 2), ...body]);
  throw new PlistError('unwritable');
}

function encodeInteger(value: bigint): Buffer {
  integerValue(value, null);
  if (value >= 0n && value < 0x100n) return Buffer.concat([Buffer.from([0x10]), unsigned(value, 1)]);
  if (value >= 0n && value < 0x10000n) return Buffer.concat([Buffer.from([0x11]), unsigned(value, 2)]);
  if (value < 2n ** 63n) return Buffer.concat([Buffer.from([0x13]), unsigned(BigInt.asUintN(64, value), 8)]);
  return Buffer.concat([Buffer.from([0x14]), unsigned(value, 16)]);
}

function encodeDouble(marker: number, value: number): Buffer {
  if (!Number.isFinite(value)) throw new PlistError('unwritable');
  const out = Buffer.alloc(9);
  out.writeUInt8(marker, 0);
  out.writeDoubleBE(value, 1);
  return out;
}

function counted(type: number, count: number): Buffer {
  if (count < 15) return Buffer.from([(type << 4) | count]);
  return Buffer.concat([Buffer.from([(type << 4) | 0x0f, 0x12]), unsigned(BigInt(count), 4)]);
}

function unsigned(value: bigint, size: number): Buffer {
  const out = Buffer.alloc(size);
  for (let i = size - 1, rest = value; i >= 0; i--, rest >>= 8n) out.writeUInt8(Number(rest & 0xffn), i);
  return out;
}
