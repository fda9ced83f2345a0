import { randomUUID } from 'node:crypto';
import { createLog, PostgresQueue, type QueueBackend, RedisLink, RedisQueue } from '../src/platform/index.js';
import { freshDatabase } from './database.js';
import { NO_REDIS, TestRedis } from './redis.js';

const quiet = createLog('silent');

/** A queue backend for tests, and what ends what it stands on. */
export interface TestBackend {
  backend: QueueBackend;
  end(): Promise<void>;
}

export interface BackendKind {
  name: string;
  /** Why it cannot be tried here; null when it can. */
  skip: string | null;
  open(): Promise<TestBackend>;
}

/** Both backends: suites of the queue run once on each. */
export const BACKENDS: readonly BackendKind[] = [
  {
    name: 'PostgreSQL',
    skip: null,
    open: async () => {
      const database = await freshDatabase();
      return { backend: new PostgresQueue(database.url), end: () => database.drop() };
    },
  },
  {
    name: 'Redis',
    skip: NO_REDIS,
    open: async () => {
      const redis = await TestRedis.start();
      const link = new RedisLink(redis.url, quiet);
      await link.begin();
      return {
        backend: new RedisQueue(link, `test-${randomUUID()}`),
        end: async () => {
          link.close();
          await redis.end();
        },
      };
    },
  },
];
