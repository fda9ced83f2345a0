import { type BeforeApplicationShutdown, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Audit } from '../access/index.js';
import { Clock, Database, Jobs, Leader, type Leadership, Log } from '../platform/index.js';
import { Software } from '../software/index.js';
import { ReplayController } from './replay.controller.js';
import { Replays } from './replays.js';

/** What other rules would have concluded. */
@Module({
  controllers: [ReplayController],
  providers: [
    {
      provide: Replays,
      useFactory: (database: Database, software: Software, jobs: Jobs, leader: Leadership, audit: Audit, clock: Clock, log: Log) =>
        new Replays({ database, catalogue: () => software.forDiagnosis, jobs, leader, audit, clock, log }),
      inject: [Database, Software, Jobs, Leader, Audit, Clock, Log],
    },
  ],
})
export class ReplayModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(Replays) private readonly replays: Replays) {}

  onApplicationBootstrap(): void {
    this.replays.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.replays.stop();
  }
}
