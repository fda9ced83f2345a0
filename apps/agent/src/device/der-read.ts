import { DeviceError } from './errors.js';

/** One element of DER. */
export interface DerElement {
  tag: number;
  /** Without tag and length. */
  content: Buffer;
  /** With tag and length. */
  whole: Buffer;
}

/**
 * Reads elements one after another, without going into them: nothing here recurses or allocates. Takes only what DER allows: one byte of
 * tag, definite lengths in their shortest form, nothing beyond the end. Throws DeviceError `garbage`.
 */
export class DerReader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The tag of the next element; null at the end. */
  get tag(): number | null {
    return this.#bytes[this.#at] ?? null;
  }

  /** The next element, which has to have this tag when one is given. */
  next(tag?: number): DerElement {
    const start = this.#at;
    const found = this.#bytes[start];
    // Tags of several bytes end in 31 and occur in neither certificates nor signatures.
    if (found === undefined || (found & 0x1f) === 0x1f || (tag !== undefined && found !== tag)) throw garbage();
    const { length, headerBytes } = this.#length(start + 1);
    const from = start + 1 + headerBytes;
    if (length > this.#bytes.length - from) throw garbage();
    this.#at = from + length;
    return { tag: found, content: this.#bytes.subarray(from, this.#at), whole: this.#bytes.subarray(start, this.#at) };
  }

  /** The next element's content, to be read on. */
  into(tag: number): DerReader {
    return new DerReader(this.next(tag).content);
  }

  /** Throws unless everything was read. */
  end(): void {
    if (!this.done) throw garbage();
  }

  #length(at: number): { length: number; headerBytes: number } {
    const first = this.#bytes[at];
    if (first === undefined) throw garbage();
    if (first < 0x80) return { length: first, headerBytes: 1 };
    const digits = first & 0x7f;
    // 0x80 alone is the indefinite form; four digits reach beyond every buffer.
    if (digits < 1 || digits > 4 || at + digits >= this.#bytes.length) throw garbage();
    const length = this.#bytes.readUIntBE(at + 1, digits);
    if (length < 0x80 || length < 256 ** (digits - 1)) throw garbage();
    return { length, headerBytes: 1 + digits };
  }
}

function garbage(): DeviceError {
  return new DeviceError('DER', { kind: 'garbage' });
}
