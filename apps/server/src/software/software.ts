import type { SoftwareView } from '@lockstep/core/protocol';
import {
  type DatedPart,
  FEEDS,
  type FeedName,
  feedStaleSince,
  mergeCatalogue,
  PLATFORMS,
  type Platform,
  type PreparedCatalogue,
  prepareCatalogue,
  STALE_MS,
  staleSince,
} from '@lockstep/core/software';
import { type Audit, actorOf, type Caller } from '../access/index.js';
import { type Bus, type Clock, type FeedSettings, type Leadership, type Log, ProblemError } from '../platform/index.js';
import type { Bundled } from './bundled.js';
import type { FeedOutcome, FeedReader } from './feed-reader.js';
import type { FeedRow, FeedRows } from './feed-rows.js';

/** How often the rows are looked at for what another server wrote there: hints are hints. */
const ROWS_MS = 60_000;
/** The first reading comes within this time after the start, so that a fleet of servers, or a server that crashes again and again, does not ask all at once. */
const FIRST_MS = { least: 20_000, most: 60_000 };
/** After a failure it is tried again sooner. */
const RETRY_MS = 15 * 60_000;
/** Intervals vary by this part of themselves. */
const JITTER = 0.1;

export interface SoftwareDeps {
  rows: FeedRows;
  reader: FeedReader;
  bundled: Bundled;
  settings: FeedSettings;
  leader: Leadership;
  audit: Audit;
  bus: Bus;
  clock: Clock;
  log: Log;
  /** A number in [0, 1). */
  random?: () => number;
}

/** When the feeds are read next, ms from now; `random` is a number in [0, 1). */
export function paceOf(isFine: boolean, everyMs: number, random: number): number {
  return (isFine ? everyMs : Math.min(RETRY_MS, everyMs)) * (1 + JITTER * (2 * random - 1));
}

/** What is known of Apple's software: kept in memory, made of the rows of the feeds and of what came with the server. */
export class Software {
  #catalogue: PreparedCatalogue;
  #rows: readonly FeedRow[] = [];
  #revision = '';
  #reading: Promise<Record<FeedName, FeedOutcome>> | null = null;
  #loading: Promise<void> = Promise.resolve();
  #rowsTimer: NodeJS.Timeout | null = null;
  #readTimer: NodeJS.Timeout | null = null;
  #unsubscribe: (() => void) | null = null;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();

  constructor(private readonly deps: SoftwareDeps) {
    this.#catalogue = this.#prepared();
  }

  /** The reader's outcomes, for metrics. */
  get reader(): FeedReader {
    return this.deps.reader;
  }

  /** Everything known now, prepared for judging. Another object after every change. */
  get catalogue(): PreparedCatalogue {
    return this.#catalogue;
  }

  /** What diagnosis may go by: nothing where an admin wants no feeds to be read, so that nobody is told that they are old. */
  get forDiagnosis(): PreparedCatalogue | undefined {
    return this.deps.settings.online ? this.#catalogue : undefined;
  }

  /** Since when some feed is too old to judge by, ms; null while all are fresh. */
  get staleSince(): number | null {
    return staleSince(this.#catalogue, this.deps.clock.now());
  }

  /** Calls `listener` when the catalogue has changed. Returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    void this.load();
    this.#unsubscribe = this.deps.bus.subscribe('software.changed', () => void this.load());
    this.#rowsTimer = setInterval(() => void this.load(), ROWS_MS);
    if (this.deps.settings.online) this.#schedule(FIRST_MS.least + this.#random() * (FIRST_MS.most - FIRST_MS.least));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe?.();
    if (this.#rowsTimer) clearInterval(this.#rowsTimer);
    if (this.#readTimer) clearTimeout(this.#readTimer);
    await this.#reading?.catch(() => undefined);
    await this.#loading;
  }

  /** Looks whether the rows changed, and makes the catalogue anew if they did. A database that is away changes nothing. */
  load(): Promise<void> {
    this.#loading = this.#loading.then(async () => {
      if (this.#stop.signal.aborted) return;
      try {
        const revision = await this.deps.rows.revision();
        if (revision === this.#revision) return;
        this.#rows = await this.deps.rows.all();
        this.#revision = revision;
      } catch (error) {
        if (!this.#stop.signal.aborted) this.deps.log.warn('the rows of the software feeds could not be read', { error });
        return;
      }
      this.#catalogue = this.#prepared();
      for (const listener of [...this.#listeners]) listener();
    });
    return this.#loading;
  }

  /** Reads all feeds now; whoever asks while that is under way gets the same reading. */
  readNow(): Promise<Record<FeedName, FeedOutcome>> {
    this.#reading ??= this.deps.reader
      .readAll(this.#stop.signal)
      .finally(() => {
        this.#reading = null;
      })
      .then(async (outcomes) => {
        this.deps.bus.publish('software.changed', {});
        await this.load();
        return outcomes;
      });
    return this.#reading;
  }

  /**
   * Reads all feeds because somebody wants it.
   * @throws ProblemError 409 `feeds-off`
   */
  async refresh(by: Caller, address: string): Promise<SoftwareView> {
    if (!this.deps.settings.online)
      throw new ProblemError(409, 'feeds-off', 'This server does not read feeds: LOCKSTEP_FEEDS is off. Its admin can change that.');
    const outcomes = await this.readNow();
    const failed = FEEDS.filter((feed) => outcomes[feed] !== 'new' && outcomes[feed] !== 'same');
    await this.deps.audit.write(null, { actor: actorOf(by), action: 'software.refreshed', address, detail: { failed: failed.join(', ') } });
    return this.view();
  }

  /** What is known, how old it is, and what went wrong. */
  view(): SoftwareView {
    const { settings, reader, clock } = this.deps;
    const now = clock.now();
    const instant = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
    const catalogue = this.#catalogue;
    return {
      mode: settings.online ? 'online' : 'off',
      staleSince: instant(staleSince(catalogue, now)),
      staleAfterHours: STALE_MS / 3_600_000,
      feeds: FEEDS.map((feed) => {
        const row = this.#rows.find((r) => r.feed === feed);
        const isBundled = this.#partOf(feed)?.from === 'bundled';
        return {
          feed,
          url: reader.urlOf(feed).href,
          bundled: isBundled,
          checkedAt: instant(catalogue.checkedAt[feed]),
          fetchedAt: instant(isBundled ? null : (row?.fetchedAt ?? null)),
          triedAt: instant(row?.triedAt ?? null),
          staleSince: instant(feedStaleSince(catalogue, feed, now)),
          failure: row?.failure
            ? { fault: row.failure.fault, problem: row.failure.problem, since: new Date(row.failure.since).toISOString() }
            : null,
        };
      }),
      newest: Object.fromEntries(PLATFORMS.map((p) => [p, this.#newest(p)])) as SoftwareView['newest'],
      pc: catalogue.requirements.pc.map((p) => ({ ...p })),
      at: new Date(now).toISOString(),
    };
  }

  /** The newest release of each major version that anybody is offered, newest first. */
  #newest(platform: Platform): SoftwareView['newest']['ios'] {
    const newest = new Map<number, SoftwareView['newest']['ios'][number]>();
    for (const { major, version, release } of this.#catalogue.platforms[platform].releases)
      if (release.offers.length > 0) newest.set(major, { major, version, released: release.released });
    return [...newest.values()].sort((a, b) => b.major - a.major);
  }

  /** Of the stored answer and the one that came with the server, the younger. */
  #partOf(feed: FeedName): (DatedPart & { from: 'row' | 'bundled' }) | null {
    const row = this.#rows.find((r) => r.feed === feed);
    const stored = row?.part && row.fetchedAt !== null ? { part: row.part, fetchedAt: row.fetchedAt, from: 'row' as const } : null;
    const found = this.deps.bundled.parts.find(({ part }) => part.feed === feed);
    const bundled = found === undefined ? null : { ...found, from: 'bundled' as const };
    if (stored === null || bundled === null) return stored ?? bundled;
    return ageBase(bundled) > ageBase(stored) ? bundled : stored;
  }

  #prepared(): PreparedCatalogue {
    const parts = FEEDS.map((feed) => this.#partOf(feed)).filter((part) => part !== null);
    return prepareCatalogue(mergeCatalogue(parts, this.deps.bundled.requirements, this.deps.bundled.windows));
  }

  #schedule(inMs: number): void {
    if (this.#stop.signal.aborted) return;
    this.#readTimer = setTimeout(() => {
      void this.tick().then((isFine) => this.#schedule(paceOf(isFine, this.deps.settings.everyMs, this.#random())));
    }, inMs);
  }

  /**
   * What the timer does. Of several servers the leader reads; the others see its rows, and keep the pace, because any of them may lead next.
   * False when something failed and should be tried again soon.
   */
  async tick(): Promise<boolean> {
    if (!this.deps.leader.isLeader) return true;
    try {
      const outcomes = await this.readNow();
      return FEEDS.every((feed) => outcomes[feed] === 'new' || outcomes[feed] === 'same');
    } catch (error) {
      if (!this.#stop.signal.aborted) this.deps.log.warn('the software feeds could not be stored, it is tried again', { error });
      return false;
    }
  }

  #random(): number {
    return (this.deps.random ?? Math.random)();
  }
}

/** What says which of two answers of a feed is the younger: the feed's own last look where it has one. */
function ageBase({ part, fetchedAt }: DatedPart): number {
  return part.feed === 'gdmf' ? fetchedAt : Math.min(fetchedAt, Date.parse(part.lastCheck));
}
