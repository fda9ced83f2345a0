import { type BeforeApplicationShutdown, Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Agents } from '../agents/index.js';
import { Bus, Clock, Database, Leader, type Leadership, Log } from '../platform/index.js';
import { PairsController } from './pairs.controller.js';
import { Pairs } from './pairs.js';

/** What is known of every pair. */
@Global()
@Module({
  controllers: [PairsController],
  providers: [
    {
      provide: Pairs,
      useFactory: (database: Database, agents: Agents, leader: Leadership, bus: Bus, clock: Clock, log: Log) =>
        new Pairs({ database, agents, leader, bus, clock, log }),
      inject: [Database, Agents, Leader, Bus, Clock, Log],
    },
  ],
  exports: [Pairs],
})
export class PairsModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(Pairs) private readonly pairs: Pairs) {}

  onApplicationBootstrap(): void {
    this.pairs.sweeps.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.pairs.sweeps.stop();
  }
}
