/** The clocks of this computer, as a port. */
export interface LocalClocks {
  /** Wall clock, ms since 1970: may be wrong, may jump. */
  wall(): number;
  /** Milliseconds that never run backwards; on Linux they stand still while the computer sleeps. */
  monotonic(): number;
}

export const localClocks: LocalClocks = { wall: () => Date.now(), monotonic: () => performance.now() };

/** Wall and monotonic clock may part by this much before the computer must have slept or its clock been set. */
const JUMP_MS = 10_000;

/**
 * The server's time, from the signed time of the first exchange. The server read its clock after our hello left, so counting from that
 * moment is never behind by more than the clocks drift: an order seems at most one round trip older than it is, never younger.
 * Of the two clocks the one that moved further counts, so that an order cannot stay young while the computer sleeps.
 */
export class ServerClock {
  readonly #serverAt: number;
  readonly #wallAt: number;
  readonly #monotonicAt: number;

  /** `helloAt`: the readings of both local clocks just before the hello was sent. `time`: the challenge's, in ms. */
  constructor(
    readonly clocks: LocalClocks,
    helloAt: { wall: number; monotonic: number },
    time: number,
  ) {
    this.#serverAt = time;
    this.#wallAt = helloAt.wall;
    this.#monotonicAt = helloAt.monotonic;
  }

  /** The server's time, ms since 1970. */
  now(): number {
    return this.#serverAt + Math.max(this.clocks.monotonic() - this.#monotonicAt, this.clocks.wall() - this.#wallAt);
  }

  /** Server time less this computer's wall clock, ms: what to add to a local instant. */
  offsetMs(): number {
    return Math.round(this.#serverAt - this.#wallAt);
  }

  /** The computer slept or its clock was set since the exchange: the time has to be asked anew. */
  jumped(): boolean {
    return Math.abs(this.clocks.wall() - this.#wallAt - (this.clocks.monotonic() - this.#monotonicAt)) > JUMP_MS;
  }
}
