import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../apps/server/test/database.js';
import { LOOPBACK, NO_REDIS, TestRedis } from '../apps/server/test/redis.js';
import { eventually } from './eventually.js';
import { ServerProcess } from './server-process.js';

const MINUTES = 60_000;
const PASSWORD = 'correcthorsebatterystaple';
if (NO_REDIS !== null) process.stdout.write(`    skipped: a Redis with TLS, because there is ${NO_REDIS}\n`);

// In a process of its own: Node reads NODE_EXTRA_CA_CERTS when it starts.
(NO_REDIS === null ? describe : describe.skip)('a Redis with TLS and a password', () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let server: ServerProcess;
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ls-redis-tls-'));
    database = await freshDatabase();
    redis = await TestRedis.start({ password: PASSWORD, tls: true });
    const env = { REDIS_URL: redis.url, NODE_EXTRA_CA_CERTS: LOOPBACK.cert };
    server = await ServerProcess.start({ databaseUrl: database.url, dir, env });
  }, 2 * MINUTES);
  afterAll(async () => {
    await server?.stop();
    await redis?.end();
    await database?.drop();
    if (dir) rmSync(dir, { recursive: true, force: true });
  }, MINUTES);

  it(
    'carries queue and messages; gone and back, the server is ready again by itself',
    async () => {
      const ready = async () => (await fetch(`${server.url}/readyz`)).status;
      expect(await ready()).toBe(200);
      await redis.down();
      await eventually('not ready', async () => (await ready()) === 503);
      await redis.up();
      await eventually('ready again', async () => (await ready()) === 200);
      expect(server.log.join('\n')).not.toContain(PASSWORD);
    },
    3 * MINUTES,
  );
});
