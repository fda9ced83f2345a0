import type { Pace } from '@lockstep/core/tickets';
import { type BeforeApplicationShutdown, type DynamicModule, Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Audit } from '../access/index.js';
import { Fixes } from '../fixes/index.js';
import { Pairs } from '../pairs/index.js';
import { Bus, Clock, Database, Leader, type Leadership, Log } from '../platform/index.js';
import { TicketsController } from './tickets.controller.js';
import { Tickets } from './tickets.js';

/** Tickets: filed, told on, closed. */
@Global()
@Module({})
export class TicketsModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(Tickets) private readonly tickets: Tickets) {}

  static of(pace: Pace): DynamicModule {
    return {
      module: TicketsModule,
      controllers: [TicketsController],
      providers: [
        {
          provide: Tickets,
          useFactory: (
            database: Database,
            pairs: Pairs,
            fixes: Fixes,
            audit: Audit,
            leader: Leadership,
            bus: Bus,
            clock: Clock,
            log: Log,
          ) => new Tickets({ database, pairs, fixes, audit, leader, bus, clock, log, pace }),
          inject: [Database, Pairs, Fixes, Audit, Leader, Bus, Clock, Log],
        },
      ],
      exports: [Tickets],
    };
  }

  onApplicationBootstrap(): void {
    this.tickets.sweep.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.tickets.sweep.stop();
  }
}
