import type { Idempotency, Leadership, Log } from '../platform/index.js';
import type { OrderKeyRotation } from './order-key-rotation.js';
import type { Sessions } from './sessions.js';

const EVERY_MS = 10 * 60_000;

/** Forgets what is over: sessions, answers kept for repeated requests, order keys after their overlap. */
export class Housekeeping {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly sessions: Sessions,
    private readonly idempotency: Idempotency,
    private readonly rotation: Pick<OrderKeyRotation, 'expire'>,
    private readonly leader: Leadership,
    private readonly log: Log,
  ) {}

  /** One round. */
  async once(): Promise<void> {
    await this.sessions.purge();
    await this.idempotency.purge();
    await this.rotation.expire();
  }

  start(): void {
    const round = () => {
      if (!this.leader.isLeader) return;
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
