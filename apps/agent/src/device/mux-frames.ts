import type { PlistDict } from '../machine/index.js';
import { writePlist } from '../machine/index.js';
import { DeviceError } from './errors.js';
import type { FrameShape, RawFrame } from './framing.js';
import { FrameCutter } from './framing.js';

/** Header: four little-endian 32-bit numbers, length (with the header), version, message, tag (usbmuxd-proto.h). */
export const MUX_HEADER_BYTES = 16;
/** usbmuxd itself closes clients over 65,536 bytes; device lists and pair records that come back are larger, but never near this. */
export const MUX_FRAME_LIMIT = 1024 * 1024;
/** What a client may send at most (usbmuxd client.c). */
export const MUX_REQUEST_LIMIT = 65_536;
/** Header versions: the old binary form, and property lists. */
export const MUX_VERSION = { binary: 0, plist: 1 } as const;
/** Message numbers (usbmuxd-proto.h). With version `plist` the number is always `plist`. */
export const MUX_MESSAGE = { result: 1, connect: 2, listen: 3, add: 4, remove: 5, paired: 6, plist: 8 } as const;

export interface MuxFrame {
  version: number;
  message: number;
  /** Chosen by whoever asks and echoed in the answer; events carry 0. */
  tag: number;
  body: Buffer;
}

/** Cuts usbmux frames, for a client as for a daemon. A length under 16 is `garbage`, one over the limit `too-large`; both throw DeviceError. */
export class MuxFrames {
  readonly #cutter: FrameCutter;

  constructor(limit: number = MUX_FRAME_LIMIT) {
    this.#cutter = new FrameCutter(muxShape(limit));
  }

  /** Takes bytes in and gives the frames they complete. */
  push(chunk: Uint8Array): MuxFrame[] {
    this.feed(chunk);
    const frames: MuxFrame[] = [];
    for (let frame = this.next(); frame !== null; frame = this.next()) frames.push(frame);
    return frames;
  }

  /** Takes bytes in; `next` cuts them one frame at a time, and `rest` takes back what follows. */
  feed(chunk: Uint8Array): void {
    this.#cutter.feed(chunk);
  }

  next(): MuxFrame | null {
    const raw = this.#cutter.next();
    return raw === null ? null : readHeader(raw);
  }

  get midFrame(): boolean {
    return this.#cutter.midFrame;
  }

  rest(): Buffer {
    return this.#cutter.rest();
  }
}

function muxShape(limit: number): FrameShape {
  return {
    name: 'usbmux frame',
    headerBytes: MUX_HEADER_BYTES,
    bodyBytes(header) {
      const length = header.readUInt32LE(0);
      if (length < MUX_HEADER_BYTES) throw new DeviceError('usbmux frame', { kind: 'garbage' });
      if (length > limit) throw new DeviceError('usbmux frame', { kind: 'too-large', bytes: length, limit });
      return length - MUX_HEADER_BYTES;
    },
  };
}

function readHeader({ header, body }: RawFrame): MuxFrame {
  return { version: header.readUInt32LE(4), message: header.readUInt32LE(8), tag: header.readUInt32LE(12), body };
}

/** The bytes of one frame. */
export function encodeMuxFrame({
  version,
  message,
  tag,
  body,
}: {
  version: number;
  message: number;
  tag: number;
  body: Uint8Array;
}): Buffer {
  const out = Buffer.alloc(MUX_HEADER_BYTES + body.length);
  out.writeUInt32LE(out.length, 0);
  out.writeUInt32LE(version, 4);
  out.writeUInt32LE(message, 8);
  out.writeUInt32LE(tag, 12);
  out.set(body, MUX_HEADER_BYTES);
  return out;
}

/** A property list message, XML: request, answer or event. */
export function encodeMuxPlist(message: PlistDict, tag: number): Buffer {
  return encodeMuxFrame({ version: MUX_VERSION.plist, message: MUX_MESSAGE.plist, tag, body: writePlist(message) });
}

/** A binary result, as libimobiledevice's daemon answers until it has seen a property list. */
export function encodeMuxBinaryResult(result: number, tag: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt32LE(result, 0);
  return encodeMuxFrame({ version: MUX_VERSION.binary, message: MUX_MESSAGE.result, tag, body });
}

/** A port as usbmux sends it: the two bytes swapped (62078 is sent as 32498). Its own inverse. */
export function swapPort(port: number): number {
  return ((port & 0xff) << 8) | ((port >> 8) & 0xff);
}
