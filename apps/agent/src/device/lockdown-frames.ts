import type { PlistDict } from '../machine/index.js';
import { writePlist } from '../machine/index.js';
import { DeviceError } from './errors.js';
import { FrameCutter } from './framing.js';

/** Header: one big-endian 32-bit length of what follows (libimobiledevice property_list_service.c). */
export const LOCKDOWN_HEADER_BYTES = 4;
/** A whole lockdown domain is some tens of kilobytes; 16 MiB bounds what a hostile phone can make this computer hold. */
export const LOCKDOWN_FRAME_LIMIT = 16 * 1024 * 1024;

/** Cuts lockdown frames, for a client as for a phone. Length 0 is `garbage`, one over the limit `too-large`; both throw DeviceError. */
export class LockdownFrames {
  readonly #cutter: FrameCutter;

  constructor(limit: number = LOCKDOWN_FRAME_LIMIT) {
    this.#cutter = new FrameCutter({
      name: 'lockdown frame',
      headerBytes: LOCKDOWN_HEADER_BYTES,
      bodyBytes(header) {
        const length = header.readUInt32BE(0);
        if (length === 0) throw new DeviceError('lockdown frame', { kind: 'garbage' });
        if (length > limit) throw new DeviceError('lockdown frame', { kind: 'too-large', bytes: length, limit });
        return length;
      },
    });
  }

  /** Takes bytes in and gives the bodies of the frames they complete. */
  push(chunk: Uint8Array): Buffer[] {
    this.feed(chunk);
    const bodies: Buffer[] = [];
    for (let body = this.next(); body !== null; body = this.next()) bodies.push(body);
    return bodies;
  }

  /** Takes bytes in; `next` cuts them one frame at a time, and `rest` takes back what follows. */
  feed(chunk: Uint8Array): void {
    this.#cutter.feed(chunk);
  }

  next(): Buffer | null {
    return this.#cutter.next()?.body ?? null;
  }

  get midFrame(): boolean {
    return this.#cutter.midFrame;
  }

  rest(): Buffer {
    return this.#cutter.rest();
  }
}

/** The bytes of one frame around a body that is already written, XML or binary. */
export function encodeLockdownFrame(body: Uint8Array): Buffer {
  const out = Buffer.alloc(LOCKDOWN_HEADER_BYTES + body.length);
  out.writeUInt32BE(body.length, 0);
  out.set(body, LOCKDOWN_HEADER_BYTES);
  return out;
}

/** A request or an answer as an XML property list in its frame. */
export function encodeLockdownPlist(message: PlistDict): Buffer {
  return encodeLockdownFrame(writePlist(message));
}
