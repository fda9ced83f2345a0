import { type BeforeApplicationShutdown, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Fixes } from '../fixes/index.js';
import { Pairs } from '../pairs/index.js';
import { Bus, Clock, Log } from '../platform/index.js';
import { LiveGateway } from './live.gateway.js';
import { Live } from './live.js';

/** The browsers' socket. */
@Module({
  providers: [
    {
      provide: Live,
      useFactory: (pairs: Pairs, fixes: Fixes, bus: Bus, clock: Clock, log: Log) =>
        new Live({ pairs, details: fixes.details, bus, clock, log: log.child({ room: 'live' }) }),
      inject: [Pairs, Fixes, Bus, Clock, Log],
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
