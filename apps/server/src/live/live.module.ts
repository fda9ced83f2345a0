import { type BeforeApplicationShutdown, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Sessions } from '../access/index.js';
import { Fixes } from '../fixes/index.js';
import { Pairs } from '../pairs/index.js';
import { Bus, Clock, Log, Status } from '../platform/index.js';
import { Tickets } from '../tickets/index.js';
import { LiveGateway } from './live.gateway.js';
import { Live } from './live.js';
import { StatusController } from './status.controller.js';

/** The browsers' socket. */
@Module({
  controllers: [StatusController],
  providers: [
    {
      provide: Live,
      useFactory: (pairs: Pairs, fixes: Fixes, tickets: Tickets, sessions: Sessions, status: Status, bus: Bus, clock: Clock, log: Log) =>
        new Live({
          pairs,
          details: fixes.details,
          orders: fixes.orders,
          tickets,
          sessions,
          status,
          bus,
          clock,
          log: log.child({ room: 'live' }),
        }),
      inject: [Pairs, Fixes, Tickets, Sessions, Status, Bus, Clock, Log],
    },
    LiveGateway,
  ],
})
export class LiveModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(Live) private readonly live: Live) {}

  onApplicationBootstrap(): void {
    this.live.start();
  }

  beforeApplicationShutdown(): void {
    this.live.stop();
  }
}
