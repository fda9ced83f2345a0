import type { Bus, Clock, Leadership, Log } from '../platform/index.js';
import type { Filing, Looked } from './filing.js';

/** How often every case is looked at, whatever was told. */
const EVERY_MS = 60_000;
/** What was told is gathered this long: a host tells many changes at once, and no ticket is filed within a second. */
const GATHER_MS = 1_000;

export interface TicketSweepDeps {
  filing: Filing;
  leader: Leadership;
  bus: Bus;
  clock: Clock;
  log: Log;
}

/** When cases are looked at: soon after something changed, when time alone changes a decision, and once a minute in any case. */
export class TicketSweep {
  /** Called after every round over all cases, with its seconds. */
  took: (seconds: number) => void = () => undefined;
  #minute: NodeJS.Timeout | null = null;
  #gather: NodeJS.Timeout | null = null;
  #due: NodeJS.Timeout | null = null;
  #dueAt = Number.POSITIVE_INFINITY;
  readonly #changed = new Set<string>();
  #isAllQueued = false;
  #isStopping = false;
  #running: Promise<unknown> = Promise.resolve();
  readonly #unsubscribe: (() => void)[] = [];

  constructor(private readonly deps: TicketSweepDeps) {}

  start(): void {
    const { bus } = this.deps;
    const hint = ({ hostId }: { hostId: string }) => this.#hint(hostId);
    this.#unsubscribe.push(bus.subscribe('pair.changed', hint), bus.subscribe('host.changed', hint), bus.subscribe('run.changed', hint));
    this.#minute = setInterval(() => this.#all(), EVERY_MS);
    this.#all();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const end of this.#unsubscribe) end();
    if (this.#minute) clearInterval(this.#minute);
    if (this.#gather) clearTimeout(this.#gather);
    if (this.#due) clearTimeout(this.#due);
    await this.#running;
  }

  #hint(hostId: string): void {
    if (!this.deps.leader.isLeader || this.#isStopping) return;
    this.#changed.add(hostId);
    this.#gather ??= setTimeout(() => {
      this.#gather = null;
      this.#queue(() => {
        const hosts = [...this.#changed];
        this.#changed.clear();
        return this.deps.filing.look(hosts);
      });
    }, GATHER_MS);
  }

  #all(): void {
    // At most one round waits: while the database is away they must not pile up.
    if (!this.deps.leader.isLeader || this.#isAllQueued) return;
    this.#isAllQueued = true;
    this.#queue(async () => {
      this.#isAllQueued = false;
      // Each round says anew when the next thing is due.
      this.#dueAt = Number.POSITIVE_INFINITY;
      const began = performance.now();
      const looked = await this.deps.filing.lookAtAll();
      this.took((performance.now() - began) / 1000);
      return looked;
    });
  }

  #queue(look: () => Promise<Looked>): void {
    if (this.#isStopping) return;
    this.#running = this.#running
      .then(look)
      .then(({ nextAt }) => this.#wakeAt(nextAt))
      .catch((error: unknown) => this.deps.log.warn('a sweep of tickets failed, the next one tries again', { error }));
  }

  #wakeAt(at: number | null): void {
    if (this.#isStopping || at === null || at >= this.#dueAt) return;
    const inMs = at - this.deps.clock.now();
    // What is further away is found by the next round.
    if (inMs >= EVERY_MS) return;
    this.#dueAt = at;
    if (this.#due) clearTimeout(this.#due);
    // A moment later than promised rather than a moment before.
    this.#due = setTimeout(() => this.#all(), Math.max(0, inMs) + 5);
  }
}
