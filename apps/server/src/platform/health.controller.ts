import { Controller, Get, Inject } from '@nestjs/common';
import { z } from 'zod';
import { Answers } from './answers.js';
import { ProblemError } from './problem.js';
import { Status } from './status.js';

const Ok = z.object({ status: z.literal('ok') });

/** For whoever starts and watches the process. Says nothing that needs a sign-in. */
@Controller()
export class HealthController {
  constructor(@Inject(Status) private readonly status: Status) {}

  /** The process runs. */
  @Get('healthz')
  @Answers(Ok, 'The process runs')
  healthz(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** The process can do all of its work: the database and the queue answer, and where there are several servers they hear each other. */
  @Get('readyz')
  @Answers(Ok, 'The process can do its work', { 503: ['not-ready'] })
  async readyz(): Promise<{ status: 'ok' }> {
    const troubles = await this.status.look();
    if (this.status.isClosing) throw notReady('Not ready: this server is stopping.', [{ field: 'server', message: 'is stopping' }]);
    if (troubles.length > 0) {
      throw notReady(
        `Not ready: no answer from the ${troubles.map((t) => t.part).join(' and the ')}.`,
        troubles.map((t) => ({ field: t.part, message: `does not answer since ${new Date(t.since).toISOString()}` })),
      );
    }
    return { status: 'ok' };
  }
}

function notReady(sentence: string, errors: { field: string; message: string }[]): ProblemError {
  return new ProblemError(503, 'not-ready', sentence, errors, { 'retry-after': '2' });
}
