import { printable } from '@lockstep/core/health';
import { FEEDS, type FeedName, type FeedPart } from '@lockstep/core/software';
import type { Clock, FeedSettings, Log } from '../platform/index.js';
import type { Authorities } from './authorities.js';
import { FeedError, type FeedFault } from './feed-error.js';
import type { FeedRow, FeedRows } from './feed-rows.js';
import { FETCH_LIMITS, type FetchLimits, fetchFeed } from './fetch-feed.js';
import { readFeed } from './read-feed.js';

/** What became of one try. */
export type FeedOutcome = 'new' | 'same' | FeedFault;

export interface FeedReaderDeps {
  rows: FeedRows;
  settings: FeedSettings;
  authorities: Pick<Authorities, 'for'>;
  clock: Clock;
  log: Log;
  limits?: FetchLimits;
}

/** Reads the feeds from the internet into their rows. A feed that is broken replaces nothing. */
export class FeedReader {
  /** Called after every try. */
  tried: (feed: FeedName, outcome: FeedOutcome) => void = () => undefined;

  constructor(private readonly deps: FeedReaderDeps) {}

  /** Where a feed is read. */
  urlOf(feed: FeedName): URL {
    const { gdmf, sofa } = this.deps.settings;
    if (feed === 'gdmf') return gdmf;
    return new URL(feed === 'sofa-ios' ? 'ios_data_feed.json' : 'macos_data_feed.json', sofa);
  }

  /** Tries every feed once, one after the other. What became of each; a database that is away is thrown on. */
  async readAll(signal?: AbortSignal): Promise<Record<FeedName, FeedOutcome>> {
    const before = new Map((await this.deps.rows.all()).map((row) => [row.feed, row]));
    const outcomes: Partial<Record<FeedName, FeedOutcome>> = {};
    for (const feed of FEEDS) outcomes[feed] = await this.#read(feed, before.get(feed) ?? null, signal);
    return outcomes as Record<FeedName, FeedOutcome>;
  }

  async #read(feed: FeedName, before: FeedRow | null, signal: AbortSignal | undefined): Promise<FeedOutcome> {
    const { rows, authorities, clock, log } = this.deps;
    const url = this.urlOf(feed);
    // Marks of another address mean nothing here.
    const marked = before?.url === url.href ? before : null;
    let outcome: FeedOutcome;
    try {
      const request = { url, etag: marked?.etag ?? null, lastModified: marked?.lastModified ?? null };
      const answer = await fetchFeed(request, authorities, this.deps.limits ?? FETCH_LIMITS, signal);
      if (answer.kind === 'same') {
        if (marked?.part === null || marked === null)
          throw new FeedError('status', 'answered 304 although nothing was asked that may be unchanged');
        await rows.same(feed, clock.date());
        outcome = 'same';
      } else {
        const part = readFeed(feed, answer.text);
        refuseOlder(part, before?.part ?? null);
        const { etag, lastModified } = answer;
        await rows.good({ part, url: url.href, etag, lastModified }, clock.date());
        outcome = 'new';
      }
    } catch (error) {
      if (!(error instanceof FeedError)) throw error;
      if (signal?.aborted) return error.fault;
      outcome = error.fault;
      const problem = printable(error.message);
      const isNews = before?.failure?.fault !== error.fault;
      log[isNews ? 'warn' : 'debug']('a feed of released software could not be read', { feed, fault: error.fault, problem });
      await rows.failed(feed, error.fault, problem, clock.date());
    }
    this.tried(feed, outcome);
    return outcome;
  }
}

/** A cache in between may hand out last week's answer; what SOFA looked at later is known already. */
function refuseOlder(part: FeedPart, known: FeedPart | null): void {
  if (part.feed === 'gdmf' || known === null || known.feed === 'gdmf') return;
  if (Date.parse(part.lastCheck) < Date.parse(known.lastCheck))
    throw new FeedError('older', `LastCheck: ${part.lastCheck} is older than ${known.lastCheck}, which is known already`);
}
