import { createHash } from 'node:crypto';

/**
 * Bytes that look random and are the same for the same seed: SHA-256 over the seed and a counter. A lab that is started twice with one
 * seed has the same phones, so what a test saw can be seen again. Never for secrets of a real system.
 */
export class Seeded {
  private counter = 0;
  private rest = Buffer.alloc(0);

  constructor(private readonly seed: string) {}

  /** A generator of its own, whose output does not depend on how much of this one was used. */
  fork(label: string): Seeded {
    return new Seeded(`${this.seed}/${label}`);
  }

  bytes(count: number): Buffer {
    while (this.rest.length < count) {
      const block = createHash('sha256')
        .update(`${this.seed}#${this.counter++}`)
        .digest();
      this.rest = Buffer.concat([this.rest, block]);
    }
    const out = Buffer.from(this.rest.subarray(0, count));
    this.rest = this.rest.subarray(count);
    return out;
  }

  /** Hex digits in small letters. */
  hex(digits: number): string {
    return this.bytes(Math.ceil(digits / 2))
      .toString('hex')
      .slice(0, digits);
  }

  /** An integer from 0 up to, not including, `limit` (at most 2^32). */
  below(limit: number): number {
    return Number((BigInt(`0x${this.hex(16)}`) * BigInt(limit)) >> 64n);
  }

  /** A UUID of version 4, in capitals as Apple's hosts and phones write it. */
  uuid(): string {
    const b = this.bytes(16);
    b.writeUInt8((b.readUInt8(6) & 0x0f) | 0x40, 6);
    b.writeUInt8((b.readUInt8(8) & 0x3f) | 0x80, 8);
    const h = b.toString('hex').toUpperCase();
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] ?? from[0];
  }
}
