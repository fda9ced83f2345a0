import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Bus } from './bus.js';
import { Clock } from './clock.js';
import { Database } from './database.js';
import { HealthController } from './health.controller.js';
import { Jobs } from './jobs.js';
import { Leader, type Leadership } from './leader.js';
import { Log } from './log.js';
import { Metrics } from './metrics.js';
import { Nodes } from './nodes.js';
import { ProblemFilter } from './problem.filter.js';
import { RedisRelay } from './redis-relay.js';
import { Status } from './status.js';

/** What every room stands on. Made before Nest is (a start that fails says so in one sentence), and closed after it. */
export interface Platform {
  clock: Clock;
  log: Log;
  db: Database;
  bus: Bus;
  jobs: Jobs;
  nodes: Nodes;
  leader: Leadership;
  status: Status;
  /** The way to other servers; null when there can be none. */
  relay: RedisRelay | null;
  metrics: Metrics;
}

/** Gives the rooms the platform, by class. */
@Module({})
export class PlatformModule {
  static of(platform: Platform): DynamicModule {
    return {
      module: PlatformModule,
      global: true,
      controllers: [HealthController],
      providers: [
        { provide: Clock, useValue: platform.clock },
        { provide: Log, useValue: platform.log },
        { provide: Database, useValue: platform.db },
        { provide: Bus, useValue: platform.bus },
        { provide: Jobs, useValue: platform.jobs },
        { provide: Nodes, useValue: platform.nodes },
        { provide: Leader, useValue: platform.leader },
        { provide: Status, useValue: platform.status },
        { provide: RedisRelay, useValue: platform.relay },
        { provide: Metrics, useValue: platform.metrics },
        { provide: APP_FILTER, useFactory: (log: Log) => new ProblemFilter(log), inject: [Log] },
      ],
      exports: [Clock, Log, Database, Bus, Jobs, Nodes, Leader, Status, RedisRelay, Metrics],
    };
  }
}
