import { type BeforeApplicationShutdown, Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Audit } from '../access/index.js';
import { Agents } from '../agents/index.js';
import { Fixes } from '../fixes/index.js';
import { Bus, Clock, Database, Leader, type Leadership, Log } from '../platform/index.js';
import { GuidedController } from './guided.controller.js';
import { Guided } from './guided.js';

/** Guided runs: started, ticked off, judged. */
@Global()
@Module({
  controllers: [GuidedController],
  providers: [
    {
      provide: Guided,
      // Fixes is asked for so that facts are recorded and orders settled before steps are looked at.
      useFactory: (database: Database, agents: Agents, fixes: Fixes, leader: Leadership, audit: Audit, bus: Bus, clock: Clock, log: Log) =>
        new Guided({ database, agents, fixes, leader, audit, bus, clock, log }),
      inject: [Database, Agents, Fixes, Leader, Audit, Bus, Clock, Log],
    },
  ],
  exports: [Guided],
})
export class GuidedModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(Guided) private readonly guided: Guided) {}

  onApplicationBootstrap(): void {
    this.guided.sweep.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.guided.sweep.stop();
  }
}
