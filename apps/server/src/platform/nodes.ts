import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Database } from './database.js';
import type { Log } from './log.js';

/** A process says this often that it runs, and counts as gone when it has not for so long, ms. */
const BEAT_MS = 5_000;
export const GONE_MS = 15_000;

/** SQL condition on a row of server_node called `n`: it runs. By the database's clock, so that those of the servers do not matter. */
export const IS_ALIVE = `n.seen_at > now() - interval '${GONE_MS} milliseconds'`;

/** This server process among those that share the database. Its id is new with every start: nothing in memory outlives it. */
export class Nodes {
  readonly id: string = randomUUID();
  readonly name = `${process.pid}@${hostname()}`.slice(0, 100);
  #timer: NodeJS.Timeout | null = null;
  #beating: Promise<void> = Promise.resolve();

  constructor(
    private readonly db: Pick<Database, 'pool'>,
    private readonly log: Log,
    /** The key this process signs orders with now. */
    private readonly orderKeyId: () => string,
  ) {}

  /**
   * Says that this process runs, and goes on saying so.
   * @param isAlone no other process can be running: rows of others are left from before
   */
  async start(isAlone: boolean): Promise<void> {
    if (isAlone) await this.db.pool.query('DELETE FROM server_node');
    await this.#beat();
    this.#timer = setInterval(() => {
      this.#beating = this.#beat().catch((error: unknown) => this.log.debug('a sign of life could not be written', { error }));
    }, BEAT_MS);
  }

  /** How many processes run, this one included. */
  async count(): Promise<number> {
    const { rows } = await this.db.pool.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM server_node n WHERE n.id <> $1 AND ${IS_ALIVE}`,
      [this.id],
    );
    return (rows[0]?.n ?? 0) + 1;
  }

  /** The keys that other processes sign orders with. */
  async otherOrderKeys(): Promise<string[]> {
    const { rows } = await this.db.pool.query<{ id: string }>(
      `SELECT DISTINCT n.order_key_id AS id FROM server_node n WHERE n.id <> $1 AND ${IS_ALIVE}`,
      [this.id],
    );
    return rows.map((r) => r.id);
  }

  /** Whether that process runs. */
  async isAlive(id: string): Promise<boolean> {
    if (id === this.id) return true;
    const { rowCount } = await this.db.pool.query(`SELECT 1 FROM server_node n WHERE n.id = $1 AND ${IS_ALIVE}`, [id]);
    return rowCount === 1;
  }

  /** Says that this process is going. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#beating;
    await this.db.pool.query('DELETE FROM server_node WHERE id = $1', [this.id]).catch(() => undefined);
  }

  async #beat(): Promise<void> {
    await this.db.pool.query(
      `INSERT INTO server_node AS n (id, name, started_at, seen_at, order_key_id) VALUES ($1, $2, now(), now(), $3)
       ON CONFLICT (id) DO UPDATE SET seen_at = now(), order_key_id = excluded.order_key_id`,
      [this.id, this.name, this.orderKeyId()],
    );
  }
}
