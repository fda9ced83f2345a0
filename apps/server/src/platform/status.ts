import { SERVER_PARTS, type StatusView } from '@lockstep/core/protocol';
import type { Clock } from './clock.js';
import type { Database } from './database.js';
import type { Jobs } from './jobs.js';

/** What the server needs and may be without for a while. */
export const PARTS = SERVER_PARTS;
export type Part = (typeof PARTS)[number];

/** A part that does not do its work now. */
export interface Trouble {
  part: Part;
  /** Since when, ms. */
  since: number;
  /** What that means, for people. */
  sentence: string;
}

export interface StatusDeps {
  database: Pick<Database, 'ok'>;
  jobs: Pick<Jobs, 'ok'>;
  /** The way to other servers; null when there can be none. */
  bus: { readonly isListening: boolean } | null;
  clock: Clock;
}

/** How often it is looked whether every part answers, ms. */
const LOOK_MS = 5_000;

/** What works and what does not: for whoever watches the process, and for the page. */
export class Status {
  readonly #troubles = new Map<Part, Trouble>();
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<unknown> | null = null;
  #isClosing = false;

  constructor(private readonly deps: StatusDeps) {}

  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#listeners.clear();
  }

  /** The server is on its way out: whoever sends it work should send it elsewhere. */
  closing(): void {
    this.#isClosing = true;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** What did not work when it was looked last, longest first. */
  get troubles(): readonly Trouble[] {
    return [...this.#troubles.values()].sort((a, b) => a.since - b.since);
  }

  /** What was seen when it was looked last, as clients see it. */
  view(): StatusView {
    const troubles = this.troubles.map(({ part, since, sentence }) => ({ part, since: new Date(since).toISOString(), sentence }));
    return { status: troubles.length > 0 ? 'degraded' : 'ok', troubles, at: this.deps.clock.iso() };
  }

  /** Calls `listener` when something stopped working or works again. Returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks now. */
  async look(): Promise<readonly Trouble[]> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    await this.#looking;
    return this.troubles;
  }

  async #look(): Promise<void> {
    const { database, jobs, bus } = this.deps;
    const [hasDatabase, hasQueue] = await Promise.all([database.ok(), jobs.ok()]);
    const where = bus ? ' (Redis)' : '';
    const found: [Part, boolean, string][] = [
      [
        'database',
        hasDatabase,
        'The database does not answer: nothing new is stored or shown. Agents keep what they read until it is back.',
      ],
      ['queue', hasQueue, `The queue${where} does not answer: fixes start some seconds late.`],
      ['bus', bus?.isListening ?? true, 'Messages between servers (Redis) do not arrive: changes are shown some seconds late.'],
    ];
    let isChanged = false;
    for (const [part, works, sentence] of found) {
      if (works === !this.#troubles.has(part)) continue;
      isChanged = true;
      if (works) this.#troubles.delete(part);
      else this.#troubles.set(part, { part, since: this.deps.clock.now(), sentence });
    }
    if (isChanged) for (const listener of [...this.#listeners]) listener();
  }
}
