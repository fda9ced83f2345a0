import { LIMITS } from '@lockstep/core/protocol';

/** Half of the server's bucket and four fifths of its drain: an agent that keeps to this is never too fast, whatever the network bunches up. */
const BURST = LIMITS.burst / 2;
const PER_SECOND = LIMITS.perSecond * 0.8;

/** The agent's own leaky bucket, so that a long backlog does not overflow the server's. */
export class Pace {
  #level = 0;
  #at: number;

  constructor(private readonly monotonic: () => number) {
    this.#at = monotonic();
  }

  /** Ms until one more message may be sent; 0 when it may be now. */
  wait(): number {
    const now = this.monotonic();
    this.#level = Math.max(0, this.#level - ((now - this.#at) / 1000) * PER_SECOND);
    this.#at = now;
    return this.#level + 1 > BURST ? Math.ceil(((this.#level + 1 - BURST) / PER_SECOND) * 1000) : 0;
  }

  /** One message was sent. */
  sent(): void {
    this.#level++;
  }
}
