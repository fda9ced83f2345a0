import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { freshDatabase, type TestDatabase } from '../../test/database.js';
import { Leader } from './leader.js';
import { createLog } from './log.js';

const quiet = createLog('silent');
const EVERY_MS = 50;

async function until(what: () => boolean, ms = 20_000): Promise<void> {
  for (const end = Date.now() + ms; !what(); await new Promise((done) => setTimeout(done, 10)))
    if (Date.now() > end) throw new Error(`not within ${ms} ms`);
}

describe('the leader', () => {
  let database: TestDatabase;
  let admin: pg.Client;
  beforeAll(async () => {
    database = await freshDatabase();
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
  });
  afterAll(async () => {
    await admin.end();
    await database.drop();
  });
  const cut = () =>
    admin.query(
      `SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
       WHERE l.locktype = 'advisory' AND l.granted AND l.objid = 3 AND d.datname = current_database()`,
    );

  it('is one of several, and another one as soon as it goes', async () => {
    const all = [0, 1, 2].map(() => new Leader(database.url, quiet, EVERY_MS));
    for (const l of all) await l.start();
    const leading = () => all.filter((l) => l.isLeader);
    expect(leading()).toEqual([all[0]]);
    await all[0]?.close();
    expect(all[0]?.isLeader).toBe(false);
    await until(() => leading().length === 1);
    await Promise.all(all.map((l) => l.close()));
    expect(leading()).toEqual([]);
  });

  it('knows when the connection that makes it one is cut, and is replaced', async () => {
    const all = [0, 1].map(() => new Leader(database.url, quiet, EVERY_MS));
    for (const l of all) await l.start();
    try {
      for (let i = 0; i < 5; i++) {
        const before = all.find((l) => l.isLeader);
        await cut();
        await until(() => before?.isLeader === false);
        // One that was cut off may believe in itself for a moment longer: what counts is that one is left.
        await until(() => all.filter((l) => l.isLeader).length === 1);
      }
    } finally {
      await Promise.all(all.map((l) => l.close()));
    }
  });
});
