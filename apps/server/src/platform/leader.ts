import pg from 'pg';
import { ADVISORY } from './database.js';
import type { Log } from './log.js';

/** Whether this process is the one that does what one process has to do. Asked at each round, because it can be lost at any moment. */
export interface Leadership {
  readonly isLeader: boolean;
}

/** For the only process there is. */
export const ALONE: Leadership = { isLeader: true };

/** How often the lock is asked for, or asked whether it is still held; and how long an answer may take, ms. */
const EVERY_MS = 2_000;
const ANSWER_MS = 4_000;
/** The database gives the lock of a computer that vanished to the next process after some 15 s: idle, then so many questions in between. */
const KEEPALIVES = 'SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3';

/**
 * Of several server processes one leads: it holds an advisory lock of the database, on a connection of its own. The lock goes with its
 * connection, so a dead leader is replaced by whoever asks next. For a moment two may believe they lead (one was cut off and does not know
 * yet): all that leaders do is safe to be done twice.
 */
export class Leader implements Leadership {
  #client: pg.Client | null = null;
  #leads = false;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #isClosing = false;

  constructor(
    private readonly url: string,
    private readonly log: Log,
    private readonly everyMs = EVERY_MS,
  ) {}

  get isLeader(): boolean {
    return this.#leads;
  }

  /** Asks for the lock once, then keeps asking. */
  async start(): Promise<void> {
    await this.#round();
    let isBusy = false;
    this.#timer = setInterval(() => {
      if (isBusy) return;
      isBusy = true;
      this.#running = this.#round().finally(() => {
        isBusy = false;
      });
    }, this.everyMs);
  }

  /** Lets somebody else lead. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#timer) clearInterval(this.#timer);
    await this.#running;
    const client = this.#client;
    this.#step(null);
    await client?.end().catch(() => undefined);
  }

  async #round(): Promise<void> {
    const client = this.#client ?? (await this.#connect());
    if (!client || this.#isClosing) return;
    try {
      // Asking again for a lock that is held would count it twice; that it is held is known as long as its connection answers.
      const asked = await client.query<{ got: boolean }>(
        this.#leads
          ? 'SELECT true AS got'
          : { text: 'SELECT pg_try_advisory_lock($1, $2) AS got', values: [ADVISORY.space, ADVISORY.leader] },
      );
      if (this.#client === client && asked.rows[0]?.got === true && !this.#leads) {
        this.#leads = true;
        this.log.info('this server leads: it does the sweeps');
      }
    } catch (error) {
      this.log.debug('the leader lock could not be asked for', { error });
      this.#step(client);
      await client.end().catch(() => undefined);
    }
  }

  async #connect(): Promise<pg.Client | null> {
    const client = new pg.Client({
      connectionString: this.url,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      application_name: 'lockstep leader',
    });
    client.on('error', () => {}); // 'end' follows
    client.once('end', () => this.#step(client));
    try {
      await client.connect();
      await client.query(KEEPALIVES);
    } catch (error) {
      this.log.debug('the leader lock cannot be asked for', { error });
      await client.end().catch(() => undefined);
      return null;
    }
    this.#client = client;
    return client;
  }

  /** The connection is over, and the lock with it. */
  #step(client: pg.Client | null): void {
    if (client !== null && this.#client !== client) return;
    this.#client = null;
    if (this.#leads && !this.#isClosing) this.log.warn('this server no longer leads: the connection that held the lock was lost');
    this.#leads = false;
  }
}
