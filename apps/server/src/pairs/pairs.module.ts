import { type BeforeApplicationShutdown, Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Audit } from '../access/index.js';
import { Agents } from '../agents/index.js';
import { Bus, Clock, Database, Leader, type Leadership, Log } from '../platform/index.js';
import { Software } from '../software/index.js';
import { AnswersController } from './answers.controller.js';
import { FleetSoftwareController } from './fleet-software.controller.js';
import { FleetSoftware } from './fleet-software.js';
import { PairsController } from './pairs.controller.js';
import { Pairs } from './pairs.js';

/** What is known of every pair. */
@Global()
@Module({
  controllers: [PairsController, AnswersController, FleetSoftwareController],
  providers: [
    {
      provide: FleetSoftware,
      useFactory: (database: Database, software: Software, clock: Clock) => new FleetSoftware({ database, software, clock }),
      inject: [Database, Software, Clock],
    },
    {
      provide: Pairs,
      useFactory: (
        database: Database,
        agents: Agents,
        software: Software,
        leader: Leadership,
        audit: Audit,
        bus: Bus,
        clock: Clock,
        log: Log,
      ) => new Pairs({ database, agents, software, leader, audit, bus, clock, log }),
      inject: [Database, Agents, Software, Leader, Audit, Bus, Clock, Log],
    },
  ],
  exports: [Pairs],
})
export class PairsModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(Pairs) private readonly pairs: Pairs) {}

  onApplicationBootstrap(): void {
    this.pairs.sweeps.start();
    this.pairs.past.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.pairs.sweeps.stop(), this.pairs.past.stop()]);
  }
}
