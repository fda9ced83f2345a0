// What the database can do at most, asked by a bare client.
import pg from 'pg';

/** Rows of one raw insert, as the literature of bulk loading and our own transactions have them: some hundreds to a thousand. */
const RAW_ROWS = 1_000;

/** The database that recorded transactions are replayed in. */
const COPY = 'bench_replay';

/**
 * @typedef {object} Replayed
 * @property {number} perSecond messages
 * @property {Map<string, number>} statements time of each, ms
 */

/**
 * Recorded transactions, sent again one after the other as the server sent them, in a copy of the database as it was when they were recorded:
 * rows and indexes are as many and as large, and nobody else is there.
 */
export class Replay {
  #at = 0;

  /** @param {string} url of the copy @param {readonly import('./record.mjs').Recorded[]} recorded */
  constructor(url, recorded) {
    this.url = url;
    this.recorded = recorded;
  }

  /**
   * Copies the database; nobody may be connected to it.
   * @param {string} url
   * @param {readonly import('./record.mjs').Recorded[]} recorded
   */
  static async of(url, recorded) {
    const copy = new URL(url);
    const source = copy.pathname.slice(1);
    copy.pathname = `/${COPY}`;
    await withClient(url, (client) => client.query(`CREATE DATABASE ${COPY} TEMPLATE "${source}"`));
    return new Replay(copy.href, recorded);
  }

  /**
   * Goes on where the last call ended. Findings that are open would stand in the way of those that a pass opens (one of a cause at a time),
   * so they are removed before each pass; that is not counted.
   * @param {number} seconds
   * @returns {Promise<Replayed>}
   */
  run(seconds) {
    return withClient(this.url, async (client) => {
      let messages = 0;
      let spent = 0;
      /** @type {Map<string, number>} */
      const statements = new Map();
      const timed = async (/** @type {string} */ text, /** @type {unknown[]} */ values) => {
        const began = performance.now();
        await client.query(text, values);
        const name = text.replaceAll(/\s+/g, ' ').slice(0, 60);
        statements.set(name, (statements.get(name) ?? 0) + performance.now() - began);
      };
      while (spent < seconds * 1000) {
        const one = this.recorded[this.#at % this.recorded.length];
        if (!one) throw new Error('nothing was recorded');
        if (this.#at++ % this.recorded.length === 0) await client.query('DELETE FROM finding WHERE closed_at IS NULL');
        const began = performance.now();
        await timed('BEGIN', []);
        for (const { text, values } of one.statements) await timed(text, values);
        await timed('COMMIT', []);
        spent += performance.now() - began;
        messages += one.messages;
      }
      return { perSecond: (messages / spent) * 1000, statements };
    });
  }
}

/**
 * Which statements took which share of the time, most first.
 * @param {readonly Replayed[]} rounds
 * @returns {[sql: string, share: number][]}
 */
export function shares(rounds) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const { statements } of rounds) for (const [sql, ms] of statements) sums.set(sql, (sums.get(sql) ?? 0) + ms);
  const total = [...sums.values()].reduce((sum, ms) => sum + ms, 0);
  return [...sums].map(([sql, ms]) => /** @type {[string, number]} */ ([sql, ms / total])).sort((a, b) => b[1] - a[1]);
}

/**
 * Rows a second that a bare insert of arrays reaches, into a table without any index.
 * @param {string} url
 * @param {number} seconds
 */
export async function rawInsert(url, seconds) {
  return await withClient(url, async (client) => {
    await client.query('CREATE TABLE bench_raw (host_id uuid, udid text, kind text, state text, reading jsonb, at timestamptz)');
    try {
      const at = new Date().toISOString();
      const of = (/** @type {(i: number) => string} */ make) => Array.from({ length: RAW_ROWS }, (_, i) => make(i));
      const values = [
        of(() => crypto.randomUUID()),
        of((i) => `00008110-${i.toString(16).toUpperCase().padStart(16, '0')}`),
        of(() => 'mux-device'),
        of(() => 'seen'),
        of((i) => JSON.stringify({ connection: 'usb', alsoNetwork: false, locationId: i })),
        of(() => at),
      ];
      let rows = 0;
      const began = performance.now();
      while (performance.now() - began < seconds * 1000) {
        await client.query(
          'INSERT INTO bench_raw SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[])',
          values,
        );
        rows += RAW_ROWS;
      }
      return (rows / (performance.now() - began)) * 1000;
    } finally {
      await client.query('DROP TABLE bench_raw');
    }
  });
}

/**
 * What was acknowledged and cannot be found in the rows.
 * @param {string} url
 * @param {readonly { hostId: string, epoch: string, seq: number, acked: number }[]} said
 * @returns {Promise<{ lost: number, wrong: number, facts: number, quarantined: number }>} `lost`: messages acknowledged and not committed, or facts older
 * than an acknowledged message made them; `wrong`: hosts whose rows are not exactly what was said
 */
export async function lostOf(url, said) {
  return await withClient(url, async (client) => {
    /** @type {Map<string, { epoch: string, last: number }>} */
    const links = new Map();
    for (const row of (await client.query('SELECT host_id, epoch, last_seq FROM host_link')).rows)
      links.set(row.host_id, { epoch: row.epoch, last: Number(row.last_seq) });
    /** @type {Map<string, { self: number, device: number, facts: number }>} */
    const stored = new Map();
    const { rows } = await client.query(
      `SELECT host_id, count(*) AS facts, max((reading->>'uptimeS')::bigint) FILTER (WHERE kind = 'agent-self') AS self,
         max((reading->>'locationId')::bigint) FILTER (WHERE kind = 'mux-device' AND state = 'seen') AS device FROM fact GROUP BY host_id`,
    );
    for (const row of rows) stored.set(row.host_id, { self: Number(row.self), device: Number(row.device), facts: Number(row.facts) });
    let lost = 0;
    let wrong = 0;
    let facts = 0;
    for (const { hostId, epoch, seq, acked } of said) {
      const link = links.get(hostId);
      const row = stored.get(hostId);
      facts += row?.facts ?? 0;
      const committed = link?.epoch === epoch ? link.last : 0;
      lost += Math.max(0, acked - committed) + Math.max(0, acked - (row?.self ?? 0)) + Math.max(0, acked - (row?.device ?? 0));
      if (committed !== seq || row?.self !== seq || row.device !== seq) wrong += 1;
    }
    const quarantined = Number((await client.query('SELECT count(*) AS n FROM quarantine')).rows[0]?.n);
    return { lost, wrong, facts, quarantined };
  });
}

/**
 * @template T
 * @param {string} url
 * @param {(client: pg.Client) => Promise<T>} work
 */
async function withClient(url, work) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
