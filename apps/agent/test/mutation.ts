/** Small random numbers from a seed (mulberry32): the same seed is the same mutation, so that a failure can be seen again. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 up to, not including, `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % Math.max(1, limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** Bytes that formats mind: ends of ranges, signs, markup. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xff, 0xfe, 0x0f, 0x1f, 0x30, 0x3c, 0x3e, 0x26, 0x5d, 0x2f, 0xa0, 0xd1];
/** No mutation makes an input longer than this. */
const MAX_BYTES = 12 * 1024;

/** Changes a few places of one of the inputs: bits, bytes, numbers; pieces cut, doubled, moved in from another input. */
export function mutate(dice: Dice, corpus: readonly Buffer[]): Buffer {
  let bytes: Buffer = Buffer.from(dice.pick(corpus));
  for (let times = 1 + dice.below(4); times > 0; times--) bytes = change(dice, bytes, corpus);
  return bytes.length > MAX_BYTES ? bytes.subarray(0, MAX_BYTES) : bytes;
}

function change(dice: Dice, bytes: Buffer, corpus: readonly Buffer[]): Buffer {
  if (bytes.length === 0) return Buffer.from([dice.below(256)]);
  const at = dice.below(bytes.length);
  const length = 1 + dice.below(Math.min(64, bytes.length - at));
  switch (dice.below(9)) {
    case 0:
      bytes[at] = (bytes[at] as number) ^ (1 << dice.below(8));
      return bytes;
    case 1:
      bytes[at] = dice.below(256);
      return bytes;
    case 2:
      bytes[at] = dice.pick(EDGES);
      return bytes;
    case 3:
      // A number of one to eight bytes, all ones or all zeros but the last bit.
      bytes.fill(dice.pick([0xff, 0x00, 0x7f]), at, at + 1 + dice.below(Math.min(8, bytes.length - at)));
      return bytes;
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 5:
      return bytes.subarray(0, at);
    case 6: {
      const piece = bytes.subarray(at, at + length);
      const copies = Array.from({ length: 1 + dice.below(30) }, () => piece);
      return Buffer.concat([bytes.subarray(0, at), ...copies, bytes.subarray(at)]);
    }
    case 7: {
      const other = dice.pick(corpus);
      const from = dice.below(other.length);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at + dice.below(length + 1))]);
    }
    default:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([dice.pick(EDGES)]), bytes.subarray(at)]);
  }
}

/** Cuts bytes into pieces of random length, as a network delivers them. */
export function* pieces(dice: Dice, bytes: Buffer): Generator<Buffer> {
  const most = dice.pick([1, 17, 1_000, 100_000, 100_000]) * (bytes.length > 2_000 ? 17 : 1);
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + dice.below(most));
    yield bytes.subarray(at, end);
    at = end;
  }
}
