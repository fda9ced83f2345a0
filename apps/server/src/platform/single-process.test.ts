import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { freshDatabase, type TestDatabase } from '../../test/database.js';
import { createLog } from './log.js';
import { SecondProcessError, SingleProcess } from './single-process.js';

const quiet = createLog('silent');
const never = (why: string) => {
  throw new Error(why);
};

describe('one server process per database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.drop());

  it('refuses a second one, says which the first is, and lets it in when the first has ended', async () => {
    const first = await SingleProcess.acquire(database.url, false, quiet, never);
    const second = SingleProcess.acquire(database.url, false, quiet, never);
    await expect(second).rejects.toThrow(SecondProcessError);
    await expect(second).rejects.toThrow(new RegExp(`lockstep server ${process.pid}@`));
    await first.close();
    const third = await SingleProcess.acquire(database.url, false, quiet, never);
    await third.close();
  });

  it('lets those in that share it, and neither kind in beside the other', async () => {
    const one = await SingleProcess.acquire(database.url, true, quiet, never);
    const two = await SingleProcess.acquire(database.url, true, quiet, never);
    await expect(SingleProcess.acquire(database.url, false, quiet, never)).rejects.toThrow(/REDIS_URL/);
    await one.close();
    await two.close();
    const alone = await SingleProcess.acquire(database.url, false, quiet, never);
    await expect(SingleProcess.acquire(database.url, true, quiet, never)).rejects.toThrow(/has no REDIS_URL/);
    await alone.close();
  });

  it('waits for a predecessor that is on its way out', async () => {
    const first = await SingleProcess.acquire(database.url, false, quiet, never);
    const second = SingleProcess.acquire(database.url, false, quiet, never);
    await new Promise((done) => setTimeout(done, 300));
    await first.close();
    await (await second).close();
  });

  it('takes the lock again when its connection was cut, so that nobody else comes in', async () => {
    const only = await SingleProcess.acquire(database.url, false, quiet, never);
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    const cut = await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'lockstep server%' AND datname = current_database()`,
    );
    expect(cut.rowCount).toBe(1);
    const held = async () =>
      (
        await admin.query(
          `SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted`,
        )
      ).rowCount;
    for (let i = 0; i < 100 && (await held()) !== 1; i++) await new Promise((done) => setTimeout(done, 50));
    expect(await held()).toBe(1);
    await admin.end();
    await only.close();
  });
});
