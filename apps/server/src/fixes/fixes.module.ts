import { type BeforeApplicationShutdown, type DynamicModule, Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Audit, OrderKeys } from '../access/index.js';
import { Agents } from '../agents/index.js';
import { Pairs } from '../pairs/index.js';
import { Bus, Clock, Database, Jobs, Leader, type Leadership, Log } from '../platform/index.js';
import { FixesController } from './fixes.controller.js';
import { Fixes } from './fixes.js';
import { OrdersController } from './orders.controller.js';

/** Fixes: asked, sent, received, settled, judged. */
@Global()
@Module({})
export class FixesModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(Fixes) private readonly fixes: Fixes) {}

  static of({ disruptivePerHour }: { disruptivePerHour: number }): DynamicModule {
    return {
      module: FixesModule,
      controllers: [FixesController, OrdersController],
      providers: [
        {
          provide: Fixes,
          // Pairs is asked for so that its share of the ingest transaction stands before ours.
          useFactory: (
            database: Database,
            agents: Agents,
            _pairs: Pairs,
            leader: Leadership,
            orderKeys: OrderKeys,
            audit: Audit,
            jobs: Jobs,
            bus: Bus,
            clock: Clock,
            log: Log,
          ) => new Fixes({ database, agents, leader, orderKeys, disruptivePerHour, audit, jobs, bus, clock, log }),
          inject: [Database, Agents, Pairs, Leader, OrderKeys, Audit, Jobs, Bus, Clock, Log],
        },
      ],
      exports: [Fixes],
    };
  }

  onApplicationBootstrap(): void {
    this.fixes.sweep.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.fixes.sweep.stop();
  }
}
