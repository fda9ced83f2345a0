import { setTimeout as sleep } from 'node:timers/promises';
import type { Backoff } from './backoff.js';
import type { ServerClock } from './server-clock.js';
import type { Ended, Session } from './session.js';

/** A connection whose first exchange went well. */
export interface Up {
  session: Session;
  clock: ServerClock;
  /** The highest number of our epoch that the server has committed. */
  acked: number;
}

export interface ConnectionOptions {
  open(abort: AbortSignal): Promise<Up | Ended>;
  /** Called once a connection is up, before any frame is taken from it. */
  onUp(up: Up): void;
  /** Called when a connection is over or could not be made: what comes next, and what a person should know. */
  onDown(ended: Ended, waitMs: number, say: string | null): void;
  backoff: Backoff;
  monotonic: () => number;
}

/** Keeps one connection up: opens it, waits for its end, waits longer after every failure, for ever. */
export class Connection {
  readonly #abort = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(private readonly options: ConnectionOptions) {}

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Hangs up and tries no more. Resolves when the socket is gone. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { open, onUp, onDown, backoff, monotonic } = this.options;
    const abort = this.#abort.signal;
    while (!abort.aborted) {
      const result = await open(abort);
      let ended: Ended;
      let upMs = 0;
      if ('session' in result) {
        const since = monotonic();
        if (!abort.aborted) onUp(result);
        ended = await result.session.ended;
        upMs = monotonic() - since;
      } else ended = result;
      if (abort.aborted) {
        onDown(ended, 0, null);
        return;
      }
      const { waitMs, say } = backoff.after(ended, upMs);
      onDown(ended, waitMs, say);
      await sleep(waitMs, undefined, { signal: abort }).catch(() => undefined);
    }
  }
}
