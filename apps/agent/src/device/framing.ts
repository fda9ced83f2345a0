import { DeviceError } from './errors.js';

/** How one protocol marks its frames. */
export interface FrameShape {
  /** Named in errors. */
  name: string;
  headerBytes: number;
  /** Bytes that follow the header; throws DeviceError for a length that is refused, before anything is allocated for it. */
  bodyBytes(header: Buffer): number;
}

export interface RawFrame {
  header: Buffer;
  body: Buffer;
}

/** Room first made for a body; it doubles as bytes arrive, so that an announced length alone costs nothing. */
const FIRST_ROOM = 16 * 1024;

/**
 * Cuts a byte stream into frames, however the stream is delivered: byte by byte, merged, or cut anywhere. Every byte is copied a
 * bounded number of times. After a refused length the stream has no more frame borders, so every later call throws the same error.
 */
export class FrameCutter {
  readonly #waiting: Buffer[] = [];
  #offset = 0;
  readonly #header: Buffer;
  #headerFilled = 0;
  #body: Buffer = Buffer.alloc(0);
  #bodyFilled = 0;
  #bodyBytes: number | null = null;
  #fault: DeviceError | null = null;

  constructor(private readonly shape: FrameShape) {
    this.#header = Buffer.alloc(shape.headerBytes);
  }

  /** Takes bytes in; `next` cuts them. */
  feed(chunk: Uint8Array): void {
    if (this.#fault !== null) throw this.#fault;
    if (chunk.length > 0) this.#waiting.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }

  /** The next whole frame; null when more bytes are needed. */
  next(): RawFrame | null {
    if (this.#fault !== null) throw this.#fault;
    if (this.#bodyBytes === null) {
      this.#headerFilled = this.#fill(this.#header, this.#headerFilled, this.shape.headerBytes);
      if (this.#headerFilled < this.shape.headerBytes) return null;
      try {
        this.#bodyBytes = this.shape.bodyBytes(this.#header);
      } catch (error) {
        this.#fault = error instanceof DeviceError ? error : new DeviceError(this.shape.name, { kind: 'garbage' }, { cause: error });
        this.#waiting.length = 0;
        throw this.#fault;
      }
      this.#body = Buffer.allocUnsafe(Math.min(this.#bodyBytes, FIRST_ROOM));
    }
    while (this.#bodyFilled < this.#bodyBytes) {
      if (this.#waiting.length === 0) return null;
      if (this.#bodyFilled === this.#body.length) {
        const larger = Buffer.allocUnsafe(Math.min(this.#bodyBytes, this.#body.length * 2));
        this.#body.copy(larger, 0, 0, this.#bodyFilled);
        this.#body = larger;
      }
      this.#bodyFilled = this.#fill(this.#body, this.#bodyFilled, this.#body.length);
    }
    const frame = { header: Buffer.from(this.#header), body: this.#body };
    this.#headerFilled = 0;
    this.#bodyFilled = 0;
    this.#bodyBytes = null;
    this.#body = Buffer.alloc(0);
    return frame;
  }

  /** Whether a frame has begun and not ended: the stream must not end here. */
  get midFrame(): boolean {
    return this.#headerFilled > 0 || this.#waiting.length > 0;
  }

  /** Takes back the bytes after the last frame that was cut: after usbmux Connect they belong to another protocol. */
  rest(): Buffer {
    const begun = [this.#header.subarray(0, this.#headerFilled), this.#body.subarray(0, this.#bodyFilled)];
    const rest = Buffer.concat([...begun, ...this.#waiting.map((chunk, i) => (i === 0 ? chunk.subarray(this.#offset) : chunk))]);
    this.#waiting.length = 0;
    this.#offset = 0;
    this.#headerFilled = 0;
    this.#bodyFilled = 0;
    this.#bodyBytes = null;
    return rest;
  }

  #fill(target: Buffer, from: number, to: number): number {
    let at = from;
    let used = 0;
    while (at < to && used < this.#waiting.length) {
      const chunk = this.#waiting[used] as Buffer;
      const taken = Math.min(to - at, chunk.length - this.#offset);
      chunk.copy(target, at, this.#offset, this.#offset + taken);
      at += taken;
      this.#offset += taken;
      if (this.#offset < chunk.length) break;
      used++;
      this.#offset = 0;
    }
    if (used > 0) this.#waiting.splice(0, used);
    return at;
  }
}
