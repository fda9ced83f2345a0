import { createPostgresBackend, DEFAULT_SCHEMA, runMigrations, withBackend } from 'bullmq';
import pg from 'pg';
import { z } from 'zod';
import type { Log } from './log.js';

const { Queue, Worker } = withBackend(createPostgresBackend);

/**
 * Every kind of job, with the schema of what it carries: a job read back from the queue is input like any other. A job is a courier, never
 * the truth; a handler that is called twice or not at all must do no harm.
 */
export const JOBS = {
  /** Hand the signed order of a fix run to its host's socket. */
  'fix.dispatch': z.object({ runId: z.uuid(), attempt: z.int().min(0) }),
} as const;
export type JobName = keyof typeof JOBS;
export type JobData<N extends JobName> = z.output<(typeof JOBS)[N]>;
export type JobHandler<N extends JobName> = (data: JobData<N>) => Promise<void>;

export interface JobOptions {
  /** Two jobs of one id are one job, as long as the first has not run. */
  id: string;
  delayMs?: number;
}

/** Jobs of one kind that run at once. */
const CONCURRENCY = 16;
/** A failed job is tried again 5 times over half a minute; what still fails is found by a sweep. */
const ATTEMPTS = 6;
const BACKOFF_MS = 1_000;
/** Connections of each queue and worker. */
const CONNECTIONS = 2;

type AnyQueue = InstanceType<typeof Queue>;
type AnyWorker = InstanceType<typeof Worker>;

/** The queue: BullMQ on the database that holds everything else. */
export class Jobs {
  private readonly handlers = new Map<JobName, (data: unknown) => Promise<void>>();
  private readonly queues = new Map<JobName, AnyQueue>();
  private readonly workers: AnyWorker[] = [];
  private running = false;
  private readonly connection: { connectionString: string; max: number };

  constructor(
    url: string,
    private readonly log: Log,
  ) {
    this.connection = { connectionString: url, max: CONNECTIONS };
  }

  /** Says who does the jobs of a kind. Exactly one room has to, before `start`. */
  handle<N extends JobName>(name: N, handler: JobHandler<N>): void {
    if (this.handlers.has(name)) throw new Error(`two handlers for the jobs "${name}"`);
    this.handlers.set(name, (data) => handler(JOBS[name].parse(data) as JobData<N>));
  }

  /**
   * Makes the queue's tables, then opens queues and workers.
   * @throws when a kind of job has no handler.
   */
  async start(): Promise<void> {
    const names = Object.keys(JOBS) as JobName[];
    const missing = names.filter((name) => !this.handlers.has(name));
    if (missing.length > 0) throw new Error(`no handler for the jobs ${missing.map((n) => `"${n}"`).join(', ')}`);
    const client = new pg.Client({ connectionString: this.connection.connectionString, connectionTimeoutMillis: 5_000 });
    await client.connect();
    try {
      await runMigrations(client, DEFAULT_SCHEMA);
    } finally {
      await client.end();
    }
    for (const name of names) this.open(name);
    await Promise.all([...this.queues.values(), ...this.workers].map((q) => q.waitUntilReady()));
    this.running = true;
  }

  private open(name: JobName): void {
    const queue = new Queue(name, {
      connection: this.connection,
      defaultJobOptions: {
        removeOnComplete: true,
        removeOnFail: true,
        attempts: ATTEMPTS,
        backoff: { type: 'exponential', delay: BACKOFF_MS },
      },
    });
    // Without listeners a lost connection is an unhandled 'error' and ends the process.
    queue.on('error', (error) => this.log.warn('queue error', { job: name, error }));
    this.queues.set(name, queue);
    const handler = this.handlers.get(name);
    const worker = new Worker(name, async (job) => handler?.(job.data), { connection: this.connection, concurrency: CONCURRENCY });
    worker.on('error', (error) => this.log.warn('worker error', { job: name, error }));
    worker.on('failed', (job, error) => this.log.warn('job failed', { job: name, id: job?.id, attempt: job?.attemptsMade, error }));
    this.workers.push(worker);
  }

  /** Adds one job. @throws when the queue cannot be reached: the caller's row stays, and a sweep adds the job again. */
  async add<N extends JobName>(name: N, data: JobData<N>, options: JobOptions): Promise<void> {
    await this.queue(name).add(name, data, { jobId: options.id, ...(options.delayMs === undefined ? {} : { delay: options.delayMs }) });
  }

  /** Adds many jobs in one go (twelve thousand a second, where one by one makes some hundreds). */
  async addBulk<N extends JobName>(name: N, jobs: readonly { data: JobData<N>; options: JobOptions }[]): Promise<void> {
    if (jobs.length === 0) return;
    await this.queue(name).addBulk(
      jobs.map(({ data, options }) => ({
        name,
        data,
        opts: { jobId: options.id, ...(options.delayMs === undefined ? {} : { delay: options.delayMs }) },
      })),
    );
  }

  private queue(name: JobName): AnyQueue {
    const queue = this.queues.get(name);
    if (queue === undefined) throw new Error('the queue is not started');
    return queue;
  }

  /** True when the queue's tables answer. */
  async ok(): Promise<boolean> {
    if (!this.running) return false;
    try {
      await Promise.all([...this.queues.values()].map((q) => q.getJobCounts('waiting')));
      return true;
    } catch {
      return false;
    }
  }

  /** Takes no more jobs, waits for those that run, and closes every connection. */
  async close(): Promise<void> {
    this.running = false;
    await Promise.allSettled(this.workers.map((w) => w.close()));
    await Promise.allSettled([...this.queues.values()].map((q) => q.close()));
    this.workers.length = 0;
    this.queues.clear();
  }
}
