import type { PlistDict, PlistLimits, PlistValue } from './plist-value.js';
import { integerValue, newDict, PlistBudget, PlistError } from './plist-value.js';

export const BINARY_MAGIC = 'bplist00';
const TRAILER_BYTES = 32;
/** Binary dates count seconds from 2001-01-01T00:00:00Z. */
const APPLE_EPOCH_MS = Date.UTC(2001, 0, 1);
const SINGLETON_FALSE = 0x08;
const SINGLETON_TRUE = 0x09;

/**
 * Reads a binary property list (`bplist00`; layout as in CoreFoundation's CFBinaryPList.c). Every object is read anew each time it is
 * named and paid for each time, so that a list which names objects crosswise cannot unfold beyond the limits; an object that
 * contains itself is refused. Throws PlistError.
 */
export function readBinaryPlist(bytes: Uint8Array, limits: PlistLimits): PlistValue {
  return new BinaryReader(bytes, new PlistBudget(limits)).top();
}

class BinaryReader {
  readonly #view: Buffer;
  readonly #offsetBytes: number;
  readonly #refBytes: number;
  readonly #objects: number;
  readonly #top: number;
  readonly #table: number;
  /** Containers that are being read, outermost first. */
  readonly #open = new Set<number>();

  constructor(
    bytes: Uint8Array,
    private readonly budget: PlistBudget,
  ) {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const trailer = view.length - TRAILER_BYTES;
    if (trailer < BINARY_MAGIC.length || view.toString('latin1', 0, BINARY_MAGIC.length) !== BINARY_MAGIC)
      throw new PlistError('not-a-plist', 0);
    this.#view = view;
    this.#offsetBytes = view.readUInt8(trailer + 6);
    this.#refBytes = view.readUInt8(trailer + 7);
    if (this.#offsetBytes < 1 || this.#offsetBytes > 8 || this.#refBytes < 1 || this.#refBytes > 8)
      throw new PlistError('malformed', trailer);
    const objects = view.readBigUInt64BE(trailer + 8);
    const top = view.readBigUInt64BE(trailer + 16);
    const table = view.readBigUInt64BE(trailer + 24);
    if (objects > BigInt(budget.limits.values)) throw new PlistError('too-many', trailer);
    if (top >= objects || table < BigInt(BINARY_MAGIC.length) || table + objects * BigInt(this.#offsetBytes) > BigInt(trailer)) {
      throw new PlistError('malformed', trailer);
    }
    this.#objects = Number(objects);
    this.#top = Number(top);
    this.#table = Number(table);
  }

  top(): PlistValue {
    return this.#object(this.#top, 0);
  }

  #object(index: number, depth: number): PlistValue {
    if (index >= this.#objects) throw new PlistError('malformed', this.#table);
    const entry = this.#table + index * this.#offsetBytes;
    const at = this.#unsigned(entry, this.#offsetBytes, entry);
    if (at < BINARY_MAGIC.length || at >= this.#table) throw new PlistError('malformed', entry);
    this.budget.value(depth, at);
    const marker = this.#view.readUInt8(at);
    const low = marker & 0x0f;
    switch (marker >> 4) {
      case 0x0:
        if (marker !== SINGLETON_FALSE && marker !== SINGLETON_TRUE) throw new PlistError('malformed', at);
        return marker === SINGLETON_TRUE;
      case 0x1:
        return this.#integer(at, low);
      case 0x2:
        return this.#real(at, low);
      case 0x3:
        return this.#date(at, low);
      case 0x4: {
        const { start, count } = this.#body(at, 1);
        this.budget.bytes(count, at);
        return new Uint8Array(this.#view.subarray(start, start + count));
      }
      case 0x5: {
        const { start, count } = this.#body(at, 1);
        this.budget.bytes(count, at);
        return this.#view.toString('latin1', start, start + count);
      }
      case 0x6: {
        const { start, count } = this.#body(at, 2);
        this.budget.bytes(count * 2, at);
        return Buffer.from(this.#view.subarray(start, start + count * 2))
          .swap16()
          .toString('utf16le');
      }
      case 0x8: {
        this.#within(at + 1, low + 1, at);
        return Object.assign(newDict(), { CF$UID: integerValue(this.#big(at + 1, low + 1), at) });
      }
      case 0xa:
        return this.#inside(index, at, () => this.#array(at, depth + 1));
      case 0xd:
        return this.#inside(index, at, () => this.#dict(at, depth + 1));
      default:
        // Null, fill bytes, sets and the object types of other versions: none has a place in a property list of this protocol.
        throw new PlistError('malformed', at);
    }
  }

  #inside<T>(index: number, at: number, read: () => T): T {
    if (this.#open.has(index)) throw new PlistError('cycle', at);
    this.#open.add(index);
    const value = read();
    this.#open.delete(index);
    return value;
  }

  #array(at: number, depth: number): PlistValue[] {
    const { start, count } = this.#body(at, this.#refBytes);
    const array: PlistValue[] = [];
    for (let i = 0; i < count; i++) array.push(this.#object(this.#ref(start, i, at), depth));
    return array;
  }

  #dict(at: number, depth: number): PlistDict {
    const { start, count } = this.#body(at, this.#refBytes * 2);
    const dict = newDict();
    for (let i = 0; i < count; i++) {
      const key = this.#object(this.#ref(start, i, at), depth);
      if (typeof key !== 'string') throw new PlistError('malformed', at);
      dict[key] = this.#object(this.#ref(start, count + i, at), depth);
    }
    return dict;
  }

  #ref(start: number, i: number, at: number): number {
    return this.#unsigned(start + i * this.#refBytes, this.#refBytes, at);
  }

  #integer(at: number, power: number): number | bigint {
    if (power > 4) throw new PlistError('number', at);
    const size = 1 << power;
    this.#within(at + 1, size, at);
    const unsigned = this.#big(at + 1, size);
    // One, two and four bytes are unsigned, eight are signed; sixteen carry what does not fit a signed eight.
    if (size < 8) return Number(unsigned);
    return integerValue(BigInt.asIntN(size * 8, unsigned), at);
  }

  #real(at: number, power: number): number {
    if (power !== 2 && power !== 3) throw new PlistError('number', at);
    this.#within(at + 1, 1 << power, at);
    const value = power === 2 ? this.#view.readFloatBE(at + 1) : this.#view.readDoubleBE(at + 1);
    if (!Number.isFinite(value)) throw new PlistError('number', at);
    return value;
  }

  #date(at: number, low: number): Date {
    if (low !== 3) throw new PlistError('number', at);
    this.#within(at + 1, 8, at);
    const value = new Date(APPLE_EPOCH_MS + this.#view.readDoubleBE(at + 1) * 1000);
    if (Number.isNaN(value.getTime())) throw new PlistError('number', at);
    return value;
  }

  /** Where the body of a counted object starts and how many units it holds; proven to lie before the offset table. */
  #body(at: number, unit: number): { start: number; count: number } {
    const low = this.#view.readUInt8(at) & 0x0f;
    let start = at + 1;
    let count = low;
    if (low === 0x0f) {
      this.#within(start, 1, at);
      const marker = this.#view.readUInt8(start);
      const size = 1 << (marker & 0x0f);
      if (marker >> 4 !== 1 || size > 8) throw new PlistError('malformed', at);
      this.#within(start + 1, size, at);
      count = this.#unsigned(start + 1, size, at);
      start += 1 + size;
    }
    this.#within(start, count * unit, at);
    return { start, count };
  }

  #within(start: number, length: number, at: number): void {
    if (start + length > this.#table) throw new PlistError('malformed', at);
  }

  #unsigned(start: number, size: number, at: number): number {
    if (size <= 6) return this.#view.readUIntBE(start, size);
    const value = this.#big(start, size);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new PlistError('malformed', at);
    return Number(value);
  }

  #big(start: number, size: number): bigint {
    let value = 0n;
    for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(this.#view.readUInt8(start + i));
    return value;
  }
}
