import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parsePlist } from '../machine/index.js';
import { DeviceError } from './errors.js';
import { encodeLockdownFrame, encodeLockdownPlist, LOCKDOWN_FRAME_LIMIT, LockdownFrames } from './lockdown-frames.js';
import { encodeMuxBinaryResult, encodeMuxFrame, encodeMuxPlist, MUX_FRAME_LIMIT, MUX_VERSION, MuxFrames, swapPort } from './mux-frames.js';

const mux = encodeMuxPlist({ MessageType: 'ListDevices' }, 7);
const lockdown = encodeLockdownPlist({ Request: 'QueryType' });

function cut<F>(decoder: { push(chunk: Uint8Array): F[] }, chunks: Uint8Array[]): F[] {
  return chunks.flatMap((chunk) => decoder.push(chunk));
}

/** Cuts bytes into pieces at the given places. */
function pieces(bytes: Buffer, places: number[]): Buffer[] {
  const sorted = [0, ...places.map((p) => p % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i] as number, end));
}

describe('usbmux frames', () => {
  it('come whole, doubled, and byte by byte', () => {
    const whole = cut(new MuxFrames(), [mux]);
    expect(whole).toHaveLength(1);
    expect(parsePlist((whole[0] as { body: Buffer }).body)).toEqual({ MessageType: 'ListDevices' });
    expect(whole[0]).toMatchObject({ version: 1, message: 8, tag: 7 });
    expect(cut(new MuxFrames(), [Buffer.concat([mux, mux])])).toEqual([...whole, ...whole]);
    expect(
      cut(
        new MuxFrames(),
        [...mux].map((byte) => Buffer.from([byte])),
      ),
    ).toEqual(whole);
  });

  it('come split at every offset', () => {
    const two = Buffer.concat([mux, encodeMuxBinaryResult(3, 9)]);
    const expected = cut(new MuxFrames(), [two]);
    expect(expected).toHaveLength(2);
    for (let at = 0; at <= two.length; at++) expect(cut(new MuxFrames(), pieces(two, [at]))).toEqual(expected);
  });

  it('come as sent, in any number, cut anywhere', () => {
    const frame = fc.record({
      version: fc.nat(2),
      message: fc.nat(9),
      tag: fc.nat(0xffffffff),
      body: fc.uint8Array({ maxLength: 40_000, size: 'large' }).map((b) => Buffer.from(b)),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 20 }), (frames, places) => {
        const decoder = new MuxFrames();
        expect(cut(decoder, pieces(Buffer.concat(frames.map(encodeMuxFrame)), places))).toEqual(frames);
        expect(decoder.midFrame).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  it.each([0, 1, 15])('of length %i are garbage, now and ever after', (length) => {
    const decoder = new MuxFrames();
    const header = Buffer.alloc(16);
    header.writeUInt32LE(length, 0);
    const garbage = new DeviceError('usbmux frame', { kind: 'garbage' });
    expect(() => decoder.push(header)).toThrow(garbage);
    expect(() => decoder.push(mux)).toThrow(garbage);
    expect(() => decoder.next()).toThrow(garbage);
  });

  it('of an absurd length are refused at the header, before room is made', () => {
    const header = Buffer.alloc(16);
    header.writeUInt32LE(0xffffffff, 0);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => new MuxFrames().push(header)).toThrow(
      new DeviceError('usbmux frame', { kind: 'too-large', bytes: 0xffffffff, limit: MUX_FRAME_LIMIT }),
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it('say whether the stream ends inside of one', () => {
    const decoder = new MuxFrames();
    expect(decoder.midFrame).toBe(false);
    decoder.push(mux.subarray(0, 5));
    expect(decoder.midFrame).toBe(true);
    decoder.push(mux.subarray(5, 20));
    expect(decoder.midFrame).toBe(true);
    decoder.push(mux.subarray(20));
    expect(decoder.midFrame).toBe(false);
  });

  it('give back the bytes that follow: they belong to another protocol', () => {
    for (let at = 0; at <= mux.length; at++) {
      const decoder = new MuxFrames();
      decoder.feed(mux.subarray(0, at));
      expect(decoder.next() === null).toBe(at < mux.length);
      decoder.feed(Buffer.concat([mux.subarray(at), Buffer.from('raw bytes')]));
      if (at < mux.length) expect(decoder.next()).toMatchObject({ tag: 7 });
      expect(decoder.rest().toString()).toBe('raw bytes');
      expect(decoder.rest()).toHaveLength(0);
    }
    const begun = new MuxFrames();
    begun.push(mux.subarray(0, 30));
    expect(begun.rest()).toEqual(mux.subarray(0, 30));
  });

  it('hold the old binary result', () => {
    expect(cut(new MuxFrames(), [encodeMuxBinaryResult(6, 3)])).toEqual([
      { version: MUX_VERSION.binary, message: 1, tag: 3, body: Buffer.from([6, 0, 0, 0]) },
    ]);
  });

  it('send ports with their bytes swapped', () => {
    expect(swapPort(62078)).toBe(32498);
    fc.assert(fc.property(fc.integer({ min: 0, max: 0xffff }), (port) => expect(swapPort(swapPort(port))).toBe(port)));
  });
});

describe('lockdown frames', () => {
  it('come whole, merged, byte by byte, split at every offset', () => {
    const two = Buffer.concat([lockdown, lockdown]);
    const expected = [lockdown.subarray(4), lockdown.subarray(4)];
    expect(cut(new LockdownFrames(), [two])).toEqual(expected);
    expect(
      cut(
        new LockdownFrames(),
        [...two].map((byte) => Buffer.from([byte])),
      ),
    ).toEqual(expected);
    for (let at = 0; at <= two.length; at++) expect(cut(new LockdownFrames(), pieces(two, [at]))).toEqual(expected);
  });

  it('come as sent, in any number, cut anywhere', () => {
    const body = fc.uint8Array({ minLength: 1, maxLength: 40_000, size: 'large' }).map((b) => Buffer.from(b));
    fc.assert(
      fc.property(fc.array(body, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 20 }), (bodies, places) => {
        expect(cut(new LockdownFrames(), pieces(Buffer.concat(bodies.map(encodeLockdownFrame)), places))).toEqual(bodies);
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    [0, { kind: 'garbage' }],
    [LOCKDOWN_FRAME_LIMIT + 1, { kind: 'too-large', bytes: LOCKDOWN_FRAME_LIMIT + 1, limit: LOCKDOWN_FRAME_LIMIT }],
    [0xffffffff, { kind: 'too-large', bytes: 0xffffffff, limit: LOCKDOWN_FRAME_LIMIT }],
  ] as const)('of length %i are refused at the header', (length, failure) => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(length, 0);
    expect(() => new LockdownFrames().push(header)).toThrow(new DeviceError('lockdown frame', failure));
  });

  it('make room as bytes arrive: an announced 16 MiB costs nothing', () => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(LOCKDOWN_FRAME_LIMIT, 0);
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 8 }, () => {
      const decoder = new LockdownFrames();
      decoder.push(header);
      decoder.push(Buffer.from('a few bytes'));
      return decoder;
    });
    expect(decoders.every((decoder) => decoder.midFrame)).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000);
  });

  it('take time in proportion to their bytes: half a MiB in single bytes', () => {
    const body = Buffer.alloc(512 * 1024, 0x61);
    const bytes = encodeLockdownFrame(body);
    const decoder = new LockdownFrames();
    const got: Buffer[] = [];
    const started = performance.now();
    for (let i = 0; i < bytes.length; i++) got.push(...decoder.push(bytes.subarray(i, i + 1)));
    expect(got).toHaveLength(1);
    expect(got[0]?.equals(body)).toBe(true);
    // A second on a slow machine; joining anew at every byte would move 128 GiB.
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
