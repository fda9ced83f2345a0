import { type BeforeApplicationShutdown, Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Audit, OrderKey } from '../access/index.js';
import { Agents } from '../agents/index.js';
import { Pairs } from '../pairs/index.js';
import { Bus, Clock, Database, Jobs, Log } from '../platform/index.js';
import { FixesController } from './fixes.controller.js';
import { Fixes } from './fixes.js';

/** Fixes: asked, sent, received, settled, judged. */
@Global()
@Module({
  controllers: [FixesController],
  providers: [
    {
      provide: Fixes,
      // Pairs is asked for so that its share of the ingest transaction stands before ours.
      useFactory: (
        database: Database,
        agents: Agents,
        _pairs: Pairs,
        orderKey: OrderKey,
        audit: Audit,
        jobs: Jobs,
        bus: Bus,
        clock: Clock,
        log: Log,
      ) => new Fixes({ database, agents, orderKey, audit, jobs, bus, clock, log }),
      inject: [Database, Agents, Pairs, OrderKey, Audit, Jobs, Bus, Clock, Log],
    },
  ],
  exports: [Fixes],
})
export class FixesModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(Fixes) private readonly fixes: Fixes) {}

  onApplicationBootstrap(): void {
    this.fixes.sweep.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.fixes.sweep.stop();
  }
}
