import { type DynamicModule, Module } from '@nestjs/common';
import { AccessModule, type Doors, type OrderKey } from './access/index.js';
import { AgentsModule } from './agents/index.js';
import { FixesModule } from './fixes/index.js';
import { LiveModule } from './live/index.js';
import { PairsModule } from './pairs/index.js';
import { type Env, type Platform, PlatformModule } from './platform/index.js';

/** The rooms, left to right. */
@Module({})
export class AppModule {
  static of(parts: { env: Env; platform: Platform; orderKey: OrderKey; doors: Doors }): DynamicModule {
    const { env, platform, orderKey, doors } = parts;
    return {
      module: AppModule,
      imports: [PlatformModule.of(platform), AccessModule.of({ env, orderKey, doors }), AgentsModule, PairsModule, FixesModule, LiveModule],
    };
  }
}
