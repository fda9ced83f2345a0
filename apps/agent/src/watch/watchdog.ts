import type { Reading } from '@lockstep/core/health';

type Limits = Reading<'agent-limits'>;

/**
 * The limits of osquery's watchdog at its restrictive level (osquery documentation, "Watchdog"): 100 MB and 5 % of the processor for 6 s.
 * Memory is what the process holds beyond what it held when it had started: an idle Node with the agent's code alone is some 60 MB.
 */
export const LIMITS = {
  /** Resident memory above the start, bytes. */
  memoryBytes: 100 * 1024 * 1024,
  /** Share of one processor. What started commands use is not counted: they end by their own deadlines. */
  cpuShare: 0.05,
  /** For so long without a break, ms: one round of thirty phones is over sooner. */
  cpuForMs: 6_000,
  /** Back to everything after so long below these shares of the limits, ms. */
  calmMs: 60_000,
  calmShare: 0.7,
  /** Starting up, reading the spool and the first look at everything do not count, ms. */
  graceMs: 30_000,
} as const;

/** How often is measured, ms. */
export const MEASURE_MS = 2_000;

export interface Gauges {
  /** Milliseconds that never run backwards. */
  monotonic(): number;
  /** Resident memory, bytes. */
  rss(): number;
  /** Processor time used so far, µs. */
  cpu(): number;
}

/** This process. */
export const OWN_GAUGES: Gauges = {
  monotonic: () => performance.now(),
  rss: () => process.memoryUsage.rss(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

/**
 * Watches what the agent itself uses. Over a limit it allows essentials only, until it was well below for a while; then everything again.
 * `sample()` is to be called every {@link MEASURE_MS}.
 */
export class Watchdog {
  #mode: Limits['mode'] = 'all';
  #because: Limits['because'] = null;
  #last: { at: number; cpu: number };
  readonly #startedAt: number;
  /** What it held when it had started: the most within the time of grace. */
  #base: number;
  #rss: number;
  #share = 0;
  #hotSince: number | null = null;
  #calmSince: number | null = null;

  constructor(
    private readonly gauges: Gauges,
    private readonly changed: (mode: Limits['mode'], because: Limits['because']) => void = () => {},
  ) {
    this.#startedAt = gauges.monotonic();
    this.#last = { at: this.#startedAt, cpu: gauges.cpu() };
    this.#base = this.#rss = gauges.rss();
  }

  get mode(): Limits['mode'] {
    return this.#mode;
  }

  /** The fact's reading; `paused` are probes that are asked more rarely. */
  reading(paused: readonly string[]): Limits {
    return {
      mode: this.#mode,
      because: this.#because,
      rssMb: Math.round(this.#rss / 1_048_576),
      cpuPercent: Math.min(100, Math.round(this.#share * 1_000) / 10),
      paused: [...paused].sort().slice(0, 64),
    };
  }

  /** Measures, and draws the consequences. */
  sample(): void {
    const at = this.gauges.monotonic();
    const cpu = this.gauges.cpu();
    const passed = at - this.#last.at;
    this.#rss = this.gauges.rss();
    if (passed > 0) this.#share = (cpu - this.#last.cpu) / 1_000 / passed;
    const since = this.#last.at;
    this.#last = { at, cpu };
    if (at - this.#startedAt <= LIMITS.graceMs) {
      this.#base = Math.max(this.#base, this.#rss);
      return;
    }
    this.#judge(at, since);
  }

  #judge(at: number, since: number): void {
    const memory = this.#rss - this.#base;
    if (this.#share > LIMITS.cpuShare) this.#hotSince ??= since;
    else this.#hotSince = null;
    const hot = this.#hotSince !== null && at - this.#hotSince >= LIMITS.cpuForMs;
    const over = memory > LIMITS.memoryBytes ? 'memory' : hot ? 'cpu' : null;
    if (over) {
      this.#calmSince = null;
      this.#switch('essentials', this.#mode === 'essentials' ? this.#because : over);
      return;
    }
    if (this.#mode === 'all') return;
    const calm = memory <= LIMITS.memoryBytes * LIMITS.calmShare && this.#share <= LIMITS.cpuShare * LIMITS.calmShare;
    if (!calm) this.#calmSince = null;
    else {
      this.#calmSince ??= at;
      if (at - this.#calmSince >= LIMITS.calmMs) this.#switch('all', null);
    }
  }

  #switch(mode: Limits['mode'], because: Limits['because']): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#because = because;
    this.#calmSince = null;
    this.changed(mode, because);
  }
}
