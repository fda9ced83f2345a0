import type { Duplex } from 'node:stream';
import type { PhoneFaultId } from './faults.js';
import type { Seeded } from './seeded.js';

/** A big-endian length before each message (libimobiledevice property_list_service.c). */
const HEADER_BYTES = 4;
/** Longer than any header, so that a client waits for a body, and short enough that it comes at once. */
const GARBAGE_BYTES = 64;

/**
 * Sends a whole answer the way the phone's faults let it: as it is, in part, byte by byte, as garbage, or never. `out` is the connection
 * or the TLS on it; `cut` ends the connection.
 */
export function sendReply(out: Duplex, frame: Buffer, faults: ReadonlySet<PhoneFaultId>, seed: Seeded, cut: () => void): void {
  if (faults.has('hang')) return;
  if (faults.has('garbage')) {
    const noise = Buffer.alloc(HEADER_BYTES + GARBAGE_BYTES);
    noise.writeUInt32BE(GARBAGE_BYTES, 0);
    // The first byte is fixed: neither `<` nor `b` begins a property list by chance.
    noise.set([0x7f, ...seed.bytes(GARBAGE_BYTES - 1)], HEADER_BYTES);
    out.write(noise);
  } else if (faults.has('drop')) {
    out.write(frame.subarray(0, Math.ceil(frame.length / 2)), cut);
  } else if (faults.has('half-frame')) {
    out.write(frame.subarray(0, Math.ceil(frame.length / 2)));
  } else if (faults.has('slow-bytes')) {
    sendByByte(out, frame, 0);
  } else {
    out.write(frame);
  }
}

/** One byte per turn of the event loop, each handed to the system before the next is written. */
function sendByByte(out: Duplex, frame: Buffer, at: number): void {
  if (at >= frame.length || out.destroyed) return;
  out.write(frame.subarray(at, at + 1), () => setImmediate(() => sendByByte(out, frame, at + 1)));
}
