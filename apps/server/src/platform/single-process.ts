import { hostname } from 'node:os';
import pg from 'pg';
import { ADVISORY } from './database.js';
import type { Log } from './log.js';

/** Another server works on this database; `message` says which. */
export class SecondProcessError extends Error {
  override readonly name = 'SecondProcessError';
}

/** A server that was killed a moment ago may still be seen by the database. */
const PATIENCE_MS = 3_000;
const RETRY_MS = 200;
/** The lock goes with its connection: this long may the database be away (a restart) before we give up being the one. */
const REGAIN_MS = 60_000;

// Not unref'd: between two attempts nothing else keeps a starting process alive.
const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/**
 * Holds, on a connection of its own, the lock that a server process has for life. Without Redis hints travel in the process (see Bus), so
 * two processes on one database would each know half: the lock is for one alone. Processes with a Redis between them share it, which keeps
 * out one that has none.
 */
export class SingleProcess {
  private client: pg.Client | null = null;
  private closing = false;

  private constructor(
    private readonly url: string,
    private readonly isShared: boolean,
    private readonly log: Log,
    private readonly lost: (why: string) => void,
  ) {}

  /**
   * Takes the lock.
   * @param isShared others that share it may run too
   * @param lost called once when the lock was lost for good while we ran: the process has to stop.
   * @throws SecondProcessError when another process holds it in a way that leaves no room for this one; the driver's error when the database cannot be reached.
   */
  static async acquire(url: string, isShared: boolean, log: Log, lost: (why: string) => void): Promise<SingleProcess> {
    const self = new SingleProcess(url, isShared, log, lost);
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const holder = await self.tryOnce();
      if (holder === null) return self;
      if (Date.now() >= until) {
        const why = isShared
          ? 'and has no REDIS_URL: stop it, or give both the same one'
          : 'a second one is only possible when all have the same REDIS_URL: set it, stop the other, or give this one a database of its own';
        throw new SecondProcessError(`Another Lockstep server (${holder}) works on this database${isShared ? ' ' : '; '}${why}.`);
      }
      await sleep(RETRY_MS);
    }
  }

  /** Null when the lock is ours now, else who has it. */
  private async tryOnce(): Promise<string | null> {
    const client = new pg.Client({
      connectionString: this.url,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      application_name: `lockstep server ${process.pid}@${hostname()}`.slice(0, 63), // NAMEDATALEN - 1
    });
    let ours = false;
    client.on('error', () => {}); // 'end' follows
    client.once('end', () => {
      if (ours && this.client === client) void this.regain();
    });
    await client.connect();
    try {
      const got = await client.query<{ got: boolean }>(`SELECT pg_try_advisory_lock${this.isShared ? '_shared' : ''}($1, $2) AS got`, [
        ADVISORY.space,
        ADVISORY.process,
      ]);
      if (got.rows[0]?.got === true) {
        ours = true;
        this.client = client;
        return null;
      }
      const who = await client.query<{ name: string; since: Date }>(
        `SELECT a.application_name AS name, a.backend_start AS since FROM pg_locks l JOIN pg_stat_activity a USING (pid)
         WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = $2 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        [ADVISORY.space, ADVISORY.process],
      );
      const row = who.rows[0];
      return row === undefined ? 'it has just ended or started' : `${row.name}, since ${row.since.toISOString()}`;
    } finally {
      if (!ours) await client.end();
    }
  }

  private async regain(): Promise<void> {
    this.client = null;
    if (this.closing) return;
    this.log.warn('the connection that holds the server lock was lost; taking it again');
    const until = Date.now() + REGAIN_MS;
    let why = 'the database did not come back';
    while (!this.closing && Date.now() < until) {
      try {
        const holder = await this.tryOnce();
        if (holder === null) {
          this.log.info('the server lock is held again');
          return;
        }
        why = `another server took over (${holder})`;
      } catch (error) {
        this.log.debug('the database does not answer', { error });
      }
      await sleep(1_000);
    }
    if (!this.closing) this.lost(why);
  }

  /** Gives the lock back. */
  async close(): Promise<void> {
    this.closing = true;
    const client = this.client;
    this.client = null;
    await client?.end();
  }
}
