import { FEEDS, FeedName, FeedPart } from '@lockstep/core/software';
import type { Database, Log } from '../platform/index.js';
import { FEED_FAULTS, type FeedFault } from './feed-error.js';

/** What is stored of a feed. Times in ms. */
export interface FeedRow {
  feed: FeedName;
  /** Null: there was no good answer yet, or this version of the server cannot read what an earlier one stored. */
  part: FeedPart | null;
  url: string | null;
  etag: string | null;
  lastModified: string | null;
  fetchedAt: number | null;
  triedAt: number;
  failure: { fault: FeedFault; problem: string; since: number } | null;
  revision: string;
}

interface Stored {
  feed: string;
  part: unknown;
  url: string | null;
  etag: string | null;
  last_modified: string | null;
  fetched_at: Date | null;
  tried_at: Date;
  fault: string | null;
  problem: string | null;
  failing_since: Date | null;
  revision: string;
}

/** A good answer, as it is kept. */
export interface GoodAnswer {
  part: FeedPart;
  url: string;
  etag: string | null;
  lastModified: string | null;
}

const faultOf = (word: string): FeedFault => FEED_FAULTS.find((fault) => fault === word) ?? 'unreachable';

/** The rows of the feeds: what every server of the installation knows. */
export class FeedRows {
  constructor(
    private readonly database: Pick<Database, 'pool'>,
    private readonly log: Log,
  ) {}

  /** One number that grows with every write: cheap to ask for. */
  async revision(): Promise<string> {
    const { rows } = await this.database.pool.query<{ sum: string }>('SELECT coalesce(sum(revision), 0)::text AS sum FROM software_feed');
    return rows[0]?.sum ?? '0';
  }

  async all(): Promise<FeedRow[]> {
    const { rows } = await this.database.pool.query<Stored>('SELECT * FROM software_feed WHERE feed = ANY($1)', [[...FEEDS]]);
    return rows.map((r) => {
      const read = r.part === null ? null : FeedPart.safeParse(r.part);
      if (read?.success === false) this.log.warn('a stored feed was written by another version and is read anew', { feed: r.feed });
      const part = read?.success && read.data.feed === r.feed ? read.data : null;
      // Marks of an answer that is not there any more would only bring "nothing has changed".
      const marked = part !== null;
      return {
        feed: FeedName.parse(r.feed),
        part,
        url: r.url,
        etag: marked ? r.etag : null,
        lastModified: marked ? r.last_modified : null,
        fetchedAt: marked ? (r.fetched_at?.getTime() ?? null) : null,
        triedAt: r.tried_at.getTime(),
        failure:
          r.fault === null || r.problem === null || r.failing_since === null
            ? null
            : { fault: faultOf(r.fault), problem: r.problem, since: r.failing_since.getTime() },
        revision: r.revision,
      };
    });
  }

  /** A good answer takes the place of the one before. */
  async good(answer: GoodAnswer, at: Date): Promise<void> {
    await this.database.pool.query(
      `INSERT INTO software_feed (feed, part, url, etag, last_modified, fetched_at, tried_at, revision) VALUES ($1, $2, $3, $4, $5, $6, $6, 1)
       ON CONFLICT (feed) DO UPDATE SET part = excluded.part, url = excluded.url, etag = excluded.etag, last_modified = excluded.last_modified,
         fetched_at = excluded.fetched_at, tried_at = excluded.tried_at, fault = NULL, problem = NULL, failing_since = NULL,
         revision = software_feed.revision + 1`,
      [answer.part.feed, JSON.stringify(answer.part), answer.url, answer.etag, answer.lastModified, at],
    );
  }

  /** What is stored is still what the feed says. */
  async same(feed: FeedName, at: Date): Promise<void> {
    await this.database.pool.query(
      `UPDATE software_feed SET fetched_at = $2, tried_at = $2, fault = NULL, problem = NULL, failing_since = NULL, revision = revision + 1
       WHERE feed = $1 AND part IS NOT NULL`,
      [feed, at],
    );
  }

  /** A try failed. The last good answer stays, with its age. */
  async failed(feed: FeedName, fault: FeedFault, problem: string, at: Date): Promise<void> {
    await this.database.pool.query(
      `INSERT INTO software_feed (feed, tried_at, fault, problem, failing_since, revision) VALUES ($1, $4, $2, $3, $4, 1)
       ON CONFLICT (feed) DO UPDATE SET tried_at = excluded.tried_at, fault = excluded.fault, problem = excluded.problem,
         failing_since = coalesce(software_feed.failing_since, excluded.failing_since), revision = software_feed.revision + 1`,
      [feed, fault, problem.slice(0, 500), at],
    );
  }
}
