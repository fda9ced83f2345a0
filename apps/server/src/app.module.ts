import { type DynamicModule, Module } from '@nestjs/common';
import { AboutModule } from './about.module.js';
import { AccessModule, type Doors, type OrderKeys } from './access/index.js';
import { AgentsModule } from './agents/index.js';
import { FixesModule } from './fixes/index.js';
import { GuidedModule } from './guided/index.js';
import { LiveModule } from './live/index.js';
import { PairsModule } from './pairs/index.js';
import { type Env, type Platform, PlatformModule } from './platform/index.js';
import { ReplayModule } from './replay/index.js';
import { SoftwareModule } from './software/index.js';
import { TicketsModule } from './tickets/index.js';

/** The rooms, left to right. */
@Module({})
export class AppModule {
  static of(parts: { env: Env; platform: Platform; orderKeys: OrderKeys; doors: Doors }): DynamicModule {
    const { env, platform, orderKeys, doors } = parts;
    return {
      module: AppModule,
      imports: [
        PlatformModule.of(platform),
        AccessModule.of({ env, orderKeys, doors }),
        SoftwareModule.of(env),
        AgentsModule,
        PairsModule,
        FixesModule.of(env),
        GuidedModule,
        TicketsModule.of(env.ticketPace),
        ReplayModule,
        LiveModule,
        AboutModule,
      ],
    };
  }
}
