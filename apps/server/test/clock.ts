import { Clock } from '../src/platform/index.js';

/** A clock that stands still until it is told. Starts at the real time, because sessions and tokens of other parts are compared with it. */
export class ManualClock extends Clock {
  constructor(private at = Date.now()) {
    super();
  }

  now(): number {
    return this.at;
  }

  /** Moves on. */
  advance(ms: number): void {
    this.at += ms;
  }
}
