/** A leaky bucket: holds `burst` messages and drains `perSecond` of them; time is given from outside, in ms. */
export class Bucket {
  #level = 0;
  #at: number;

  constructor(
    private readonly burst: number,
    private readonly perSecond: number,
    now: number,
  ) {
    this.#at = now;
  }

  /** Takes one message in; false when it does not fit. A clock that went back drains nothing. */
  take(now: number): boolean {
    this.#level = Math.max(0, this.#level - (Math.max(0, now - this.#at) / 1000) * this.perSecond);
    this.#at = now;
    if (this.#level + 1 > this.burst) return false;
    this.#level++;
    return true;
  }
}
