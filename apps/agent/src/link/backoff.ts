import { CLOSE } from '@lockstep/core/protocol';
import { certificateHint } from './link-error.js';
import type { Ended } from './session.js';

export interface BackoffTiming {
  /** Ceiling of the first wait, ms. */
  baseMs: number;
  /** Ceiling of any wait, ms: five minutes, so that a fleet is back soon after the longest outage. */
  capMs: number;
  /** A connection that stayed up this long ends a series of failures. */
  stableMs: number;
}

export const BACKOFF: BackoffTiming = { baseMs: 1_000, capMs: 300_000, stableMs: 60_000 };

/** Endings after which trying soon cannot help: somebody has to do something, or the other agent would be thrown out in turn. */
const LONG_WAIT: Partial<Record<number, string>> = {
  [CLOSE.revoked[0]]: 'This computer was revoked at the server. Enrol it again if that was not meant.',
  [CLOSE.notAuthenticated[0]]: "The server does not know this computer's key. Enrol it again.",
  [CLOSE.version[0]]: 'The server does not serve this version of the agent. Update the agent.',
  [CLOSE.replaced[0]]: 'Another agent signed on as this computer. Was this computer cloned?',
};

/** How long to wait before the next attempt, and what there is to say to a person about it. */
export class Backoff {
  #failures = 0;

  constructor(
    private readonly timing: BackoffTiming = BACKOFF,
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * @param upMs how long the connection was up after its first exchange; 0 when it never was
   * @returns ms to wait: full jitter (anything from 0 to a ceiling that doubles up to the cap), or about the cap where haste is useless
   */
  after(ended: Ended, upMs: number): { waitMs: number; say: string | null } {
    if (upMs >= this.timing.stableMs) this.#failures = 0;
    const ceiling = Math.min(this.timing.capMs, this.timing.baseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    const say =
      ended.why === 'closed'
        ? (LONG_WAIT[ended.code] ?? null)
        : ended.why === 'not-our-server'
          ? `Whoever answers at the server's address is not the server this computer was enrolled at: ${ended.detail}.`
          : null;
    // Half of the cap at least, and spread over the other half: thousands of revoked agents do not knock together either.
    const waitMs = say ? this.timing.capMs * (0.5 + this.random() / 2) : ceiling * this.random();
    const hint = ended.why === 'unreachable' ? certificateHint(ended.detail) : null;
    return {
      waitMs,
      say: hint === null ? say : `The server cannot be reached: ${ended.why === 'unreachable' ? ended.detail : ''}${hint}.`,
    };
  }
}
