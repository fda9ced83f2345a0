import type { Idempotency, Log } from '../platform/index.js';
import type { Sessions } from './sessions.js';

const EVERY_MS = 10 * 60_000;

/** Forgets what is over: sessions, and answers kept for repeated requests. */
export class Housekeeping {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly sessions: Sessions,
    private readonly idempotency: Idempotency,
    private readonly log: Log,
  ) {}

  /** One round. */
  async once(): Promise<void> {
    await this.sessions.purge();
    await this.idempotency.purge();
  }

  start(): void {
    const round = () => {
      this.running = this.once().catch((error: unknown) => this.log.warn('housekeeping failed; the next round tries again', { error }));
    };
    this.timer = setInterval(round, EVERY_MS);
    this.timer.unref();
    round();
  }

  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    await this.running;
  }
}
