import { type BeforeApplicationShutdown, Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { HostKeys, OrderKeys } from '../access/index.js';
import { Bus, Clock, Database, Leader, type Leadership, Log, Nodes, RedisRelay } from '../platform/index.js';
import { AgentsGateway } from './agents.gateway.js';
import { Agents } from './agents.js';

/** The agents' socket, and the transaction that takes what they tell. */
@Global()
@Module({
  providers: [
    {
      provide: Agents,
      useFactory: (
        database: Database,
        clock: Clock,
        log: Log,
        bus: Bus,
        hostKeys: HostKeys,
        orderKeys: OrderKeys,
        node: Nodes,
        leader: Leadership,
        relay: RedisRelay | null,
      ) => new Agents({ database, clock, log, bus, hostKeys, orderKeys, node, leader, relay }),
      inject: [Database, Clock, Log, Bus, HostKeys, OrderKeys, Nodes, Leader, RedisRelay],
    },
    AgentsGateway,
  ],
  exports: [Agents],
})
export class AgentsModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(Agents) private readonly agents: Agents) {}

  onApplicationBootstrap(): void {
    this.agents.start();
  }

  /** Before the sockets are cut: every agent is told why. */
  beforeApplicationShutdown(): Promise<void> {
    return this.agents.stop();
  }
}
