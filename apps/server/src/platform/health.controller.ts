import { Controller, Get, Inject } from '@nestjs/common';
import { Database } from './database.js';
import { Jobs } from './jobs.js';
import { ProblemError } from './problem.js';

/** For whoever starts and watches the process. Says nothing that needs a sign-in. */
@Controller()
export class HealthController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Jobs) private readonly jobs: Jobs,
  ) {}

  /** The process runs. */
  @Get('healthz')
  healthz(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** The process can do its work: the database and the queue answer. */
  @Get('readyz')
  async readyz(): Promise<{ status: 'ok' }> {
    const [database, queue] = await Promise.all([this.db.ok(), this.jobs.ok()]);
    const away = [...(database ? [] : ['database']), ...(queue ? [] : ['queue'])];
    if (away.length > 0) {
      throw new ProblemError(
        503,
        'not-ready',
        `Not ready: no answer from the ${away.join(' and the ')}.`,
        away.map((field) => ({ field, message: 'does not answer' })),
        { 'retry-after': '2' },
      );
    }
    return { status: 'ok' };
  }
}
