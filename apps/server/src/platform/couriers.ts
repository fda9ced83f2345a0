import { createHash } from 'node:crypto';
import { Bus } from './bus.js';
import type { Clock } from './clock.js';
import type { Database } from './database.js';
import type { Env } from './env.js';
import { Jobs } from './jobs.js';
import { ALONE, Leader, type Leadership } from './leader.js';
import type { Log } from './log.js';
import { Nodes } from './nodes.js';
import { PostgresQueue, RedisQueue } from './queue-backends.js';
import { RedisLink } from './redis.js';
import { RedisRelay } from './redis-relay.js';
import { Status } from './status.js';

/** What carries work and news, in this process or between all that share the database. */
export interface Couriers {
  bus: Bus;
  jobs: Jobs;
  nodes: Nodes;
  leader: Leadership;
  status: Status;
  /** The way to other servers; null when there can be none. */
  relay: RedisRelay | null;
  /** After the rooms have stopped. */
  close(): Promise<void>;
}

/**
 * Opens them: with REDIS_URL over Redis, for any number of processes, else for this one alone.
 * @param orderKeyId the key this process signs orders with now
 * @throws the driver's error when the database cannot be used; Redis may be away.
 */
export async function openCouriers(
  env: Pick<Env, 'databaseUrl' | 'redisUrl'>,
  database: Database,
  orderKeyId: () => string,
  clock: Clock,
  log: Log,
): Promise<Couriers> {
  const bus = new Bus(log);
  const nodes = new Nodes(database, log, orderKeyId);
  if (env.redisUrl === null) {
    const jobs = new Jobs(new PostgresQueue(env.databaseUrl), log);
    const status = new Status({ database, jobs, bus: null, clock });
    await nodes.start(true);
    status.start();
    const close = async () => {
      status.stop();
      await nodes.stop();
    };
    return { bus, jobs, nodes, leader: ALONE, status, relay: null, close };
  }
  const namespace = await namespaceOf(database);
  const link = new RedisLink(env.redisUrl, log);
  try {
    const relay = new RedisRelay(link, `${namespace}:bus`, nodes.id);
    bus.connect(relay);
    await link.begin();
    const jobs = new Jobs(new RedisQueue(link, namespace), log);
    const status = new Status({ database, jobs, bus: relay, clock });
    link.onChange(() => void status.look());
    relay.onGap(() => void status.look());
    await nodes.start(false);
    const leader = new Leader(env.databaseUrl, log);
    await leader.start();
    status.start();
    const close = async () => {
      status.stop();
      await leader.close();
      await nodes.stop();
      link.close();
    };
    return { bus, jobs, nodes, leader, status, relay, close };
  } catch (error) {
    link.close();
    throw error;
  }
}

/** Keeps apart what installations put into one Redis: the database names its own, and a copy of it names another. */
async function namespaceOf(database: Pick<Database, 'pool'>): Promise<string> {
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT current_database() || ' ' || (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS name`,
  );
  // A managed PostgreSQL may keep this to itself; two installations of one database name and number on one Redis are then told apart by nobody.
  const system = await database.pool
    .query<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()')
    .then((r) => r.rows[0]?.id ?? '')
    .catch(() => '');
  return `lockstep-${createHash('sha256')
    .update(`${system} ${rows[0]?.name ?? ''}`)
    .digest('hex')
    .slice(0, 16)}`;
}
