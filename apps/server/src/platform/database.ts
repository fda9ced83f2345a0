import { isNativeError } from 'node:util/types';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../generated/prisma/client.js';
import type { Log } from './log.js';

/** A connection inside a transaction. */
export type Tx = pg.PoolClient;

/** A statement that runs longer than this is given up by the database: no request of ours may hold a lock for minutes. */
const STATEMENT_MS = 30_000;
/** A transaction that does nothing for this long belongs to code that hangs. */
const IDLE_TX_MS = 60_000;
const CONNECT_MS = 5_000;

/**
 * A connection whose death ends nothing else. A server that is killed may send its last words in one packet with the end of the first
 * exchange; they are emitted before whoever waits for the connection can listen, and an `error` that nobody listens to ends the process.
 * Nothing is missed: the next query on such a connection fails.
 */
export class SturdyClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => {});
  }
}

/** The database: one pool, shared by raw SQL (hot tables) and by Prisma (cold reads and writes). */
export class Database {
  readonly pool: pg.Pool;
  readonly prisma: PrismaClient;

  constructor(
    readonly url: string,
    options: { connections: number; log: Log },
  ) {
    this.pool = new pg.Pool({
      Client: SturdyClient,
      connectionString: url,
      max: options.connections,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      idle_in_transaction_session_timeout: IDLE_TX_MS,
      application_name: 'lockstep',
      keepAlive: true,
    });
    // The pool says when an idle connection dies (the database restarts), and without a listener that ends the process; it replaces it.
    this.pool.on('error', (error) => options.log.warn('a database connection was lost', { error }));
    this.prisma = new PrismaClient({ adapter: new PrismaPg(this.pool), log: [] });
  }

  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it throws. What must not outrun the commit (an
   * acknowledgement, a hint on the bus) is sent after this has resolved.
   */
  async tx<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      try {
        await client.query('ROLLBACK');
      } catch (failed) {
        broken = isNativeError(failed) ? failed : new Error(String(failed));
      }
      throw error;
    } finally {
      // A connection whose rollback failed is in no known state: it is closed, not reused.
      client.release(broken);
    }
  }

  /** True when the database answers a query. */
  async ok(): Promise<boolean> {
    try {
      await this.pool.query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
    await this.pool.end();
  }
}

/** SQLSTATE of an error of the database, also when Prisma wrapped it; null for any other error. */
export function sqlState(error: unknown): string | null {
  for (let e: unknown = error, n = 0; typeof e === 'object' && e !== null && n < 5; n++) {
    if ('originalCode' in e && typeof e.originalCode === 'string') return e.originalCode;
    if ('code' in e && typeof e.code === 'string' && /^[0-9A-Z]{5}$/.test(e.code) && !/^P\d{4}$/.test(e.code)) return e.code;
    e = 'cause' in e ? e.cause : undefined;
  }
  return null;
}

/** Unique or primary key violated (PostgreSQL, appendix A). */
export const UNIQUE_VIOLATION = '23505';

/**
 * Our keys in PostgreSQL's space of advisory locks: the first number is `Lock` in ASCII, so no other application's lock is met by chance.
 */
export const ADVISORY = {
  space: 0x4c6f636b,
  /** Held for life by the one server process; shared by those that have a Redis between them. */
  process: 1,
  /** Held while migrations run. */
  migrations: 2,
  /** Held by the one of several processes that sweeps. */
  leader: 3,
  /** Held while an order key is made or ended. */
  orderKeys: 4,
  /** Held while a run that interrupts people takes its place under the fleet-wide cap. */
  fleetCap: 5,
  /** The first number of the locks under which tickets of one host are decided; the second is made of the host's id. */
  ticketsSpace: 0x4c6f6354,
} as const;
