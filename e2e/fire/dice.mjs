// Chance that can be repeated: the same seed throws the same numbers.

/** A generator of chance with 32 bits of state (mulberry32): enough to choose by, not to keep secrets with. */
export class Dice {
  #state;

  /** @param {number} seed a whole number */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, not including, 1. */
  unit() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /**
   * A whole number, both ends included.
   * @param {number} least
   * @param {number} most
   */
  between(least, most) {
    return least + Math.floor(this.unit() * (most - least + 1));
  }

  /**
   * @template T
   * @param {readonly T[]} from not empty
   * @returns {T}
   */
  pick(from) {
    const picked = from[Math.floor(this.unit() * from.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  /** Another generator, decided by this one. */
  fork() {
    return new Dice(Math.floor(this.unit() * 4_294_967_296));
  }
}
