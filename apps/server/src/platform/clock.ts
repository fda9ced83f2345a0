/** The only source of time in the server: rooms take it as a parameter, so a test can hold it still. */
export abstract class Clock {
  /** Milliseconds since 1970, UTC. */
  abstract now(): number;

  /** The same moment as a Date. */
  date(): Date {
    return new Date(this.now());
  }

  /** The same moment as ISO 8601 in UTC. */
  iso(): string {
    return this.date().toISOString();
  }
}

/** The machine's clock. */
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}
