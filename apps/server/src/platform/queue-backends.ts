import { createPostgresBackend, createRedisBackend, DEFAULT_SCHEMA, type JobsOptions, runMigrations, withBackend } from 'bullmq';
import pg from 'pg';
import { SturdyClient } from './database.js';
import type { Log } from './log.js';
import type { RedisLink } from './redis.js';

/** One kind of job on a backend: where jobs are put, and the worker that takes them out. */
export interface OpenQueue {
  add(name: string, data: unknown, options: JobsOptions): Promise<unknown>;
  addBulk(jobs: { name: string; data: unknown; opts: JobsOptions }[]): Promise<unknown>;
  /** Resolves when the backend answers. */
  ask(): Promise<unknown>;
  ready(): Promise<unknown>;
  /** Takes no more jobs and waits for those that run. */
  close(): Promise<void>;
}

/** Where jobs wait. */
export interface QueueBackend {
  /** False while it is known that nothing can be put in or taken out. */
  readonly isUp: boolean;
  /** Makes what the queue needs. @throws the driver's error when that cannot be done. */
  prepare(): Promise<void>;
  /** @param work does one job; what it throws brings the job back later */
  open(name: string, work: (data: unknown) => Promise<void>, log: Log): OpenQueue;
}

/** Jobs of one kind that run at once in this process. */
const CONCURRENCY = 16;
/** A failed job is tried again 5 times over half a minute; what still fails is found by a sweep. */
const JOB_OPTIONS: JobsOptions = {
  removeOnComplete: true,
  removeOnFail: true,
  attempts: 6,
  backoff: { type: 'exponential', delay: 1_000 },
};
/** Connections of each queue and worker on PostgreSQL, and how long each may take to be made, ms. */
const CONNECTIONS = 2;
const CONNECT_MS = 5_000;
/** After an error of the connection a worker looks again this soon; BullMQ's own 15 s would be seen by whoever waits for a fix. */
const RETRY_MS = 1_000;
/** A worker whose Redis is gone does not end by itself: its connections are cut after this. */
const CLOSE_MS = 3_000;

/** What both backends' queues and workers have in common. */
interface AnyQueue {
  add(name: string, data: unknown, options: JobsOptions): Promise<unknown>;
  addBulk(jobs: { name: string; data: unknown; opts: JobsOptions }[]): Promise<unknown>;
  getJobCounts(...states: 'waiting'[]): Promise<unknown>;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}
interface AnyWorker {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'failed', listener: (job: { id?: string; attemptsMade: number } | undefined, error: Error) => void): unknown;
}

/** @param isExpected whether errors of the connection are nothing new now: whoever watches the connection has said it already */
function bind(name: string, queue: AnyQueue, worker: AnyWorker, log: Log, isExpected: () => boolean): OpenQueue {
  // Without listeners a lost connection is an unhandled 'error' and ends the process.
  const failed = (message: string) => (error: Error) => log[isExpected() ? 'debug' : 'warn'](message, { job: name, error });
  queue.on('error', failed('queue error'));
  worker.on('error', failed('worker error'));
  worker.on('failed', (job, error) => log.warn('job failed', { job: name, id: job?.id, attempt: job?.attemptsMade, error }));
  return {
    add: (...args) => queue.add(...args),
    addBulk: (jobs) => queue.addBulk(jobs),
    ask: () => queue.getJobCounts('waiting'),
    ready: () => Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]),
    close: async () => {
      await Promise.allSettled([worker.close()]);
      await Promise.allSettled([queue.close()]);
    },
  };
}

/** The queue in the database that holds everything else. */
export class PostgresQueue implements QueueBackend {
  readonly isUp = true;
  private readonly classes = withBackend(createPostgresBackend);

  constructor(private readonly url: string) {}

  async prepare(): Promise<void> {
    const client = new SturdyClient({ connectionString: this.url, connectionTimeoutMillis: 5_000 });
    await client.connect();
    try {
      await runMigrations(client, DEFAULT_SCHEMA);
    } finally {
      await client.end();
    }
  }

  open(name: string, work: (data: unknown) => Promise<void>, log: Log): OpenQueue {
    const adding = this.#pool(CONNECTIONS);
    // One more, which the worker keeps for itself to be notified over.
    const taking = this.#pool(CONNECTIONS + 1);
    const queue = new this.classes.Queue(name, { connection: adding, defaultJobOptions: JOB_OPTIONS });
    const worker = new this.classes.Worker(name, async (job) => work(job.data), { connection: taking, concurrency: CONCURRENCY });
    const open = bind(name, queue, worker, log, () => false);
    return {
      ...open,
      close: async () => {
        await open.close();
        await Promise.all([adding.end(), taking.end()]);
      },
    };
  }

  /** BullMQ would make pools of its own, of connections whose death may end the process. What it expects of one that it is given: its schema. */
  #pool(max: number): pg.Pool {
    return new pg.Pool({
      Client: SturdyClient,
      connectionString: this.url,
      max,
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_MS,
      options: `-c search_path="${DEFAULT_SCHEMA}"`,
    });
  }
}

/** The queue in Redis, for several server processes. It may be gone at any time, also when the server starts. */
export class RedisQueue implements QueueBackend {
  private readonly classes = withBackend(createRedisBackend);

  /** @param namespace keeps the jobs of installations that share a Redis apart */
  constructor(
    private readonly link: RedisLink,
    private readonly namespace: string,
  ) {}

  get isUp(): boolean {
    return this.link.isUp;
  }

  async prepare(): Promise<void> {}

  open(name: string, work: (data: unknown) => Promise<void>, log: Log): OpenQueue {
    // Whoever adds a job is told at once that it cannot be done; a worker waits for as long as it takes (BullMQ asks for `null`).
    const adding = this.link.connect({ enableOfflineQueue: false, maxRetriesPerRequest: 0 });
    const taking = this.link.connect({ maxRetriesPerRequest: null });
    // Without the check no command is sent before the connection is known to work: one that failed would never be repeated.
    const common = { prefix: this.namespace, skipVersionCheck: true };
    const queue = new this.classes.Queue(name, { ...common, connection: adding, defaultJobOptions: JOB_OPTIONS, skipMetasUpdate: true });
    const worker = new this.classes.Worker(name, async (job) => work(job.data), {
      ...common,
      connection: taking,
      concurrency: CONCURRENCY,
      runRetryDelay: RETRY_MS,
    });
    const open = bind(name, queue, worker, log, () => !this.link.isUp);
    return {
      ...open,
      close: async () => {
        const closed = open.close();
        if (this.link.isUp) await atMost(CLOSE_MS, closed);
        for (const client of [adding, taking]) this.link.release(client);
        await atMost(CLOSE_MS, closed);
      },
    };
  }
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
