import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../../test/database.js';
import { Database } from './database.js';
import { createLog } from './log.js';
import { Nodes } from './nodes.js';

const quiet = createLog('silent');

describe('server processes', () => {
  let test: TestDatabase;
  let db: Database;
  beforeAll(async () => {
    test = await freshDatabase();
    db = new Database(test.url, { connections: 4, log: quiet });
  });
  afterAll(async () => {
    await db.close();
    await test.drop();
  });

  it('know of each other as long as they run', async () => {
    const one = new Nodes(db, quiet, () => '0123456789abcdef');
    const two = new Nodes(db, quiet, () => 'fedcba9876543210');
    await one.start(true);
    await two.start(false);
    expect(await one.count()).toBe(2);
    expect(await one.otherOrderKeys()).toEqual(['fedcba9876543210']);
    expect(await two.otherOrderKeys()).toEqual(['0123456789abcdef']);
    expect(await one.isAlive(two.id)).toBe(true);
    expect(await one.isAlive(randomUUID())).toBe(false);
    await db.pool.query(`UPDATE server_node SET seen_at = now() - interval '16 seconds' WHERE id = $1`, [two.id]);
    expect(await one.isAlive(two.id)).toBe(false);
    expect(await one.count()).toBe(1);
    await two.stop();
    await one.stop();
    expect((await db.pool.query('SELECT 1 FROM server_node')).rowCount).toBe(0);
  });

  it('that can only be left over are forgotten by one that is alone', async () => {
    await db.pool.query(`INSERT INTO server_node (id, name, started_at, seen_at, order_key_id) VALUES ($1, 'old', now(), now(), '')`, [
      randomUUID(),
    ]);
    const alone = new Nodes(db, quiet, () => '');
    await alone.start(true);
    expect(await alone.count()).toBe(1);
    await alone.stop();
  });
});
