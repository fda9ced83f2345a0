import { z } from 'zod';
import type { Log } from './log.js';
import type { OpenQueue, QueueBackend } from './queue-backends.js';

/**
 * Every kind of job, with the schema of what it carries: a job read back from the queue is input like any other. A job is a courier, never
 * the truth; a handler that is called twice or not at all must do no harm.
 */
export const JOBS = {
  /** Hand the signed order of a fix run to its host's socket. */
  'fix.dispatch': z.object({ runId: z.uuid(), attempt: z.int().min(0) }),
  /** Live stored facts through with other rules. */
  'replay.run': z.object({ replayId: z.uuid() }),
} as const;
export type JobName = keyof typeof JOBS;
export type JobData<N extends JobName> = z.output<(typeof JOBS)[N]>;
export type JobHandler<N extends JobName> = (data: JobData<N>) => Promise<void>;

export interface JobOptions {
  /** Two jobs of one id are one job, as long as the first has not run. */
  id: string;
  delayMs?: number;
}

/** A queue that has not answered after this is taken as gone: the caller's row stays, and a sweep adds the job again. */
const ANSWER_MS = 3_000;

/** The queue: BullMQ on the database that holds everything else, or on Redis. */
export class Jobs {
  private readonly handlers = new Map<JobName, (data: unknown) => Promise<void>>();
  private readonly queues = new Map<JobName, OpenQueue>();
  private running = false;

  constructor(
    private readonly backend: QueueBackend,
    private readonly log: Log,
  ) {}

  /** Says who does the jobs of a kind. Exactly one room has to, before `start`. */
  handle<N extends JobName>(name: N, handler: JobHandler<N>): void {
    if (this.handlers.has(name)) throw new Error(`two handlers for the jobs "${name}"`);
    this.handlers.set(name, (data) => handler(JOBS[name].parse(data) as JobData<N>));
  }

  /**
   * Makes what the queue needs, then opens queues and workers. A backend that is known to be away is not waited for.
   * @throws when a kind of job has no handler.
   */
  async start(): Promise<void> {
    const names = Object.keys(JOBS) as JobName[];
    const missing = names.filter((name) => !this.handlers.has(name));
    if (missing.length > 0) throw new Error(`no handler for the jobs ${missing.map((n) => `"${n}"`).join(', ')}`);
    await this.backend.prepare();
    for (const name of names)
      this.queues.set(
        name,
        this.backend.open(name, async (data) => this.handlers.get(name)?.(data), this.log),
      );
    if (this.backend.isUp) await within(ANSWER_MS * 2, Promise.all([...this.queues.values()].map((q) => q.ready())));
    this.running = true;
  }

  /** False while it is known that jobs cannot be added. */
  get isUp(): boolean {
    return this.running && this.backend.isUp;
  }

  /** Adds one job. @throws when the queue cannot be reached: the caller's row stays, and a sweep adds the job again. */
  async add<N extends JobName>(name: N, data: JobData<N>, options: JobOptions): Promise<void> {
    await within(ANSWER_MS, this.queue(name).add(name, data, jobOptions(options)));
  }

  /** Adds many jobs in one go (twelve thousand a second, where one by one makes some hundreds). */
  async addBulk<N extends JobName>(name: N, jobs: readonly { data: JobData<N>; options: JobOptions }[]): Promise<void> {
    if (jobs.length === 0) return;
    const bulk = jobs.map(({ data, options }) => ({ name, data, opts: jobOptions(options) }));
    await within(ANSWER_MS * 3, this.queue(name).addBulk(bulk));
  }

  private queue(name: JobName): OpenQueue {
    const queue = this.queues.get(name);
    if (queue === undefined) throw new Error('the queue is not started');
    if (!this.backend.isUp) throw new Error('the queue does not answer');
    return queue;
  }

  /** True when the queue answers. */
  async ok(): Promise<boolean> {
    if (!this.isUp) return false;
    try {
      await within(ANSWER_MS, Promise.all([...this.queues.values()].map((q) => q.ask())));
      return true;
    } catch {
      return false;
    }
  }

  /** Takes no more jobs, waits for those that run, and closes every connection. */
  async close(): Promise<void> {
    this.running = false;
    await Promise.allSettled([...this.queues.values()].map((q) => q.close()));
    this.queues.clear();
  }
}

const jobOptions = ({ id, delayMs }: JobOptions) => ({ jobId: id, ...(delayMs === undefined ? {} : { delay: delayMs }) });

/** The promise's result, or an error when it takes longer. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`the queue did not answer within ${ms / 1000} s`)), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
