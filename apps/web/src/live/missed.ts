import type { StatusView } from '@lockstep/core/protocol';

/** While servers do not hear each other, changes that came in at another one are read this often, ms: a list is one request. */
export const READ_MS = 10_000;

/** Reads what the socket cannot tell while the server's parts do not all work, and once more when they do again. */
export class Missed {
  private cancel: (() => void) | null = null;

  constructor(
    private readonly later: (ms: number, run: () => void) => () => void,
    private readonly read: () => void,
  ) {}

  /** @param status null: a new connection, of which nothing bad is known */
  take(status: StatusView | null): void {
    const isBlind = status?.troubles.some((t) => t.part === 'bus') ?? false;
    if (isBlind) {
      this.cancel ??= this.wait();
    } else if (this.cancel) {
      this.stop();
      this.read();
    }
  }

  stop(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private wait(): () => void {
    return this.later(READ_MS, () => {
      this.read();
      this.cancel = this.wait();
    });
  }
}
