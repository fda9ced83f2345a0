import { SERVER_PARTS } from '@lockstep/core/protocol';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Leadership } from './leader.js';
import type { Status } from './status.js';

/** Every value that a label may have: an own closed list, from core's tables or from the code. Never a UDID, a hostname or an agent's word. */
export type LabelValues = Readonly<Record<string, readonly string[]>>;
type Labels<L extends LabelValues> = { readonly [K in keyof L]: string | null };

/** What stands for a value that is not in its label's list. */
const OTHER = 'other';
/** A counter whose labels have no more combinations than this shows all of them from the start, so that a rate has a zero to begin at. */
const PREPARED = 200;

export interface CounterMetric<L extends LabelValues> {
  add(labels: Labels<L>, n?: number): void;
}
export interface HistogramMetric<L extends LabelValues> {
  observe(labels: Labels<L>, value: number): void;
}
/** One line of a gauge that is read when somebody looks. */
export type Reading<L extends LabelValues> = readonly [labels: Labels<L>, value: number];

/** Seconds of what should take milliseconds and may take a minute. */
export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

/** Rounds that this server makes by the clock. */
export const SWEEPS = ['due', 'silent', 'moved', 'contested', 'catalogue', 'past', 'runs', 'tickets'] as const;

/**
 * The numbers of this process, in the text format of Prometheus. A room makes its own metrics here and keeps them. Labels are closed
 * lists: whatever the outside says, the number of lines stays what the code says it is.
 */
export class Metrics {
  private readonly registry = new Registry();
  private looking: Promise<string> | null = null;

  /** How long the rounds take that look for what hints missed. */
  readonly sweeps = this.histogram('lockstep_sweep_seconds', 'Duration of one round of a sweep', { sweep: SWEEPS }, SECONDS);

  /** @param defaults also the process's own numbers (memory, CPU, event loop) */
  constructor(defaults = true) {
    if (defaults) collectDefaultMetrics({ register: this.registry });
  }

  /** Something that is counted when it happens. */
  counter<L extends LabelValues>(name: string, help: string, labels: L): CounterMetric<L> {
    const counter = new Counter({ name, help, labelNames: Object.keys(labels), registers: [this.registry] });
    const all = combinations(labels);
    if (all.length <= PREPARED) for (const values of all) counter.inc(values, 0);
    return { add: (values, n = 1) => counter.inc(bounded(labels, values), n) };
  }

  /** Something that another object counts: read when somebody looks, and never smaller than before. */
  counted<L extends LabelValues>(name: string, help: string, labels: L, read: () => Iterable<Reading<L>>): void {
    const registers = [this.registry];
    new Counter({
      name,
      help,
      labelNames: Object.keys(labels),
      registers,
      collect() {
        this.reset();
        for (const [values, n] of read()) this.inc(bounded(labels, values), n);
      },
    });
  }

  /** Something that is as it is: read when somebody looks. What cannot be read now is left out. */
  gauge<L extends LabelValues>(
    name: string,
    help: string,
    labels: L,
    read: () => Iterable<Reading<L>> | Promise<Iterable<Reading<L>>>,
  ): void {
    const registers = [this.registry];
    new Gauge({
      name,
      help,
      labelNames: Object.keys(labels),
      registers,
      async collect() {
        this.reset();
        try {
          for (const [values, n] of await read()) this.inc(bounded(labels, values), n);
        } catch {
          // A database that is away says so by `lockstep_up`; the other numbers are worth having all the more.
        }
      },
    });
  }

  /** How long, or how many at once. */
  histogram<L extends LabelValues>(name: string, help: string, labels: L, buckets: readonly number[]): HistogramMetric<L> {
    const histogram = new Histogram({ name, help, labelNames: Object.keys(labels), buckets: [...buckets], registers: [this.registry] });
    return { observe: (values, value) => histogram.observe(bounded(labels, values), value) };
  }

  /** Everything as text. Those who look at the same moment share one look: it costs some queries. */
  text(): Promise<string> {
    this.looking ??= this.registry.metrics().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  /** The media type of `text()`. */
  get contentType(): string {
    return this.registry.contentType;
  }
}

/** `null` is shown as an empty value, which Prometheus reads as no label at all. */
function bounded<L extends LabelValues>(labels: L, values: Labels<L>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, known]) => {
      const value = values[name] ?? '';
      return [name, value === '' || known.includes(value) ? value : OTHER];
    }),
  );
}

function combinations(labels: LabelValues): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (all, [name, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

/** The platform's own numbers: what works, and who of several servers looks at the clock. */
export function measurePlatform(metrics: Metrics, status: Pick<Status, 'look'>, leader: Pick<Leadership, 'isLeader'>): void {
  metrics.gauge('lockstep_up', 'Whether a part that the server needs answers', { part: SERVER_PARTS }, async () => {
    const away = (await status.look()).map((t) => t.part);
    return SERVER_PARTS.map((part) => [{ part }, away.includes(part) ? 0 : 1] as const);
  });
  metrics.gauge('lockstep_leader', 'Whether this process makes the sweeps', {}, () => [[{}, leader.isLeader ? 1 : 0]]);
}
