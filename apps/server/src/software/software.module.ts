import { type BeforeApplicationShutdown, type DynamicModule, Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Audit } from '../access/index.js';
import { Bus, Clock, Database, type Env, EnvError, Leader, type Leadership, Log, messageOf } from '../platform/index.js';
import { Authorities } from './authorities.js';
import { readBundled } from './bundled.js';
import { FeedReader } from './feed-reader.js';
import { FeedRows } from './feed-rows.js';
import { SoftwareController } from './software.controller.js';
import { Software } from './software.js';

function authoritiesOf(caFile: string | null): Authorities {
  try {
    return new Authorities(caFile);
  } catch (error) {
    throw new EnvError(`LOCKSTEP_FEEDS_CA: the file cannot be read (${messageOf(error)})`);
  }
}

/** What is known of Apple's software. */
@Global()
@Module({})
export class SoftwareModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(Software) private readonly software: Software) {}

  static of({ feeds: settings }: Pick<Env, 'feeds'>): DynamicModule {
    const authorities = authoritiesOf(settings.caFile);
    return {
      module: SoftwareModule,
      controllers: [SoftwareController],
      providers: [
        {
          provide: Software,
          useFactory: (database: Database, audit: Audit, leader: Leadership, bus: Bus, clock: Clock, log: Log) => {
            const own = log.child({ room: 'software' });
            const rows = new FeedRows(database, own);
            const reader = new FeedReader({ rows, settings, authorities, clock, log: own });
            return new Software({ rows, reader, bundled: readBundled(), settings, leader, audit, bus, clock, log: own });
          },
          inject: [Database, Audit, Leader, Bus, Clock, Log],
        },
      ],
      exports: [Software],
    };
  }

  onApplicationBootstrap(): void {
    this.software.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.software.stop();
  }
}
