import type { Clock, Database, Tx } from '../platform/index.js';
import { sqlState } from '../platform/index.js';
import { type Quarantined, quarantine } from './quarantine.js';

/** A host's connection row, locked. */
export interface LockedLink {
  hostId: string;
  epoch: string | null;
  lastSeq: number;
  /** How often the host signed on: the number of its newest connection. */
  signOn: number;
  /** The server process that wrote the host's picture last. */
  pictureBy: string | null;
  /** When a living connection of it was taken over, newest first, three at most, ms. */
  takeovers: readonly number[];
}

/** One transaction about some hosts, whose rows it holds. */
export interface HostTx {
  readonly client: Tx;
  /** Server time at its start, ms: the one `now` of everything decided in it. */
  readonly now: number;
  /** The hosts it is about, locked. */
  readonly links: ReadonlyMap<string, LockedLink>;
  /**
   * Notes that this process writes what is known of these hosts. Returns those of which another process wrote since this one did: what
   * memory mirrors of their rows is old.
   */
  writePictures(hostIds: readonly string[]): Promise<string[]>;
  /** Called after the commit: hints, acknowledgements, anything that must not outrun it. */
  onCommit(then: () => void): void;
  /** Puts a remark about a host before people, beside the messages that could not be taken: committed with everything else. */
  remark(hostId: string, field: string, reason: string): void;
  /** Called when it was rolled back, or when nobody knows whether the commit went through: what was prepared in memory is void. */
  onRollback(then: () => void): void;
}

/**
 * The database could not do its work now, whatever the work was: it is down, the connection broke, it has no room, or it chose this
 * transaction to end a deadlock. To be tried again; nobody's message is to blame.
 */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
  constructor(cause: unknown) {
    super('the database cannot be used at the moment', { cause });
  }
}

/**
 * Classes of SQLSTATE for which the content of a message can be to blame (PostgreSQL, appendix A): 21 cardinality, 22 data, 23
 * constraints, 54 limits of the program. Every other state tells of the database or of us, and a retry loses nothing.
 */
const BLAMES_CONTENT: ReadonlySet<string> = new Set(['21', '22', '23', '54']);

/**
 * Transactions under way at once in this process. While one waits for the disk or the database, another computes: with two that commit what
 * agents tell, sign-ons and sweeps still find a place. Below the least number of connections that a server may have.
 */
const AT_ONCE = 3;

/**
 * Runs transactions about hosts, those about one host one after the other in the order in which they were asked for, some about different
 * hosts at once, each holding the rows of its hosts in one order. Memory that mirrors the rows of a host may be changed inside and nowhere
 * else.
 */
export class HostTransactions {
  /** The end of the last transaction about each host that runs or waits; it never rejects. */
  readonly #last = new Map<string, Promise<void>>();
  /** The ends of all that run or wait. */
  readonly #open = new Set<Promise<void>>();
  #places = AT_ONCE;
  /** Whose hosts are free, and who waits for a place. */
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly database: Pick<Database, 'pool'>,
    private readonly clock: Clock,
    /** This server process. */
    private readonly nodeId: string,
  ) {}

  /**
   * Locks the hosts and runs `work`; commits when it resolves.
   * @throws DatabaseUnavailable when the database is to blame; what `work` threw otherwise.
   */
  run<T>(hostIds: Iterable<string>, work: (tx: HostTx) => Promise<T>): Promise<T> {
    const ids = [...new Set(hostIds)].sort();
    const earlier = new Set<Promise<void>>();
    for (const id of ids) {
      const last = this.#last.get(id);
      if (last) earlier.add(last);
    }
    // Hosts first, then a place: whoever has a place waits for nobody who has none.
    const mine = Promise.all(earlier)
      .then(() => this.#enter())
      .then(() => this.#run(ids, work).finally(() => this.#leave()));
    const over = mine.then(
      () => undefined,
      () => undefined,
    );
    this.#open.add(over);
    for (const id of ids) this.#last.set(id, over);
    void over.then(() => {
      this.#open.delete(over);
      for (const id of ids) if (this.#last.get(id) === over) this.#last.delete(id);
    });
    return mine;
  }

  #enter(): Promise<void> | undefined {
    if (this.#places > 0) {
      this.#places--;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the place to who waits longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#places++;
  }

  async #writePictures(client: Tx, links: ReadonlyMap<string, LockedLink>, hostIds: readonly string[]): Promise<string[]> {
    const others = hostIds.filter((id) => links.get(id)?.pictureBy !== this.nodeId);
    if (others.length > 0)
      await client.query('UPDATE host_link SET picture_by = $2 WHERE host_id = ANY($1::uuid[])', [others, this.nodeId]);
    return others;
  }

  /** Resolves when nothing that was asked for until now runs any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#open);
  }

  async #run<T>(hostIds: readonly string[], work: (tx: HostTx) => Promise<T>): Promise<T> {
    let client: Tx;
    try {
      client = await this.database.pool.connect();
    } catch (error) {
      throw new DatabaseUnavailable(error);
    }
    // A checked-out connection that dies says so by this event, before its query fails; unheard it would end the process.
    let lost: Error | undefined;
    const onLost = (error: Error) => {
      lost = error;
    };
    client.on('error', onLost);
    const committed: (() => void)[] = [];
    const rolledBack: (() => void)[] = [];
    const remarks: Quarantined[] = [];
    try {
      await client.query('BEGIN');
      const links = await lock(client, hostIds);
      const now = this.clock.now();
      const result = await work({
        client,
        now,
        links,
        writePictures: (ids) => this.#writePictures(client, links, ids),
        remark: (hostId, field, reason) => {
          remarks.push({ hostId, epoch: links.get(hostId)?.epoch ?? '', seq: null, field, reason, raw: Buffer.alloc(0) });
        },
        onCommit: (then) => committed.push(then),
        onRollback: (then) => rolledBack.push(then),
      });
      await quarantine(client, remarks, now);
      await client.query('COMMIT');
      for (const then of committed) then();
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((failed: Error) => {
        lost ??= failed;
      });
      for (const then of rolledBack) then();
      throw isUnavailable(error, lost) ? new DatabaseUnavailable(error) : error;
    } finally {
      client.off('error', onLost);
      client.release(lost);
    }
  }
}

function isUnavailable(error: unknown, lost: Error | undefined): boolean {
  if (lost) return true;
  const state = sqlState(error);
  return state !== null && !BLAMES_CONTENT.has(state.slice(0, 2));
}

const LOCK =
  'SELECT host_id, epoch, last_seq, sign_ons, picture_by, takeovers FROM host_link WHERE host_id = ANY($1::uuid[]) ORDER BY host_id FOR UPDATE';

interface LinkRow {
  host_id: string;
  epoch: string | null;
  last_seq: string;
  sign_ons: string;
  picture_by: string | null;
  takeovers: Date[];
}

async function lock(client: Tx, hostIds: readonly string[]): Promise<Map<string, LockedLink>> {
  if (hostIds.length === 0) return new Map();
  let { rows } = await client.query<LinkRow>(LOCK, [hostIds]);
  if (rows.length < hostIds.length) {
    // Hosts that sign on for the first time.
    await client.query(
      'INSERT INTO host_link (host_id) SELECT u.id FROM unnest($1::uuid[]) WITH ORDINALITY AS u(id, n) ORDER BY u.n ON CONFLICT (host_id) DO NOTHING',
      [hostIds],
    );
    rows = (await client.query<LinkRow>(LOCK, [hostIds])).rows;
  }
  return new Map(
    rows.map((r) => [
      r.host_id,
      {
        hostId: r.host_id,
        epoch: r.epoch,
        lastSeq: Number(r.last_seq),
        signOn: Number(r.sign_ons),
        pictureBy: r.picture_by,
        takeovers: r.takeovers.map((d) => d.getTime()),
      },
    ]),
  );
}
