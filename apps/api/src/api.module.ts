import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { HealthModule, MetricsModule, type Logger } from '@remuda/runtime';
import type { Admission } from '@remuda/runtime';
import { planBasePath } from './base-path.js';
import { BoardModule } from './board/board.module.js';
import { BridgesModule } from './bridges/bridges.module.js';
import { DeadLettersModule } from './dead-letters/dead-letters.module.js';
import { EventsModule } from './events/events.module.js';
import { IndexController } from './index.controller.js';
import { JobsModule } from './jobs/jobs.module.js';
import { PoolsModule } from './pools/pools.module.js';
import type { ApiSettings } from './settings.js';
import { redisPing } from './stores.js';
import { StoresModule } from './stores.module.js';

/** The api. */
@Module({})
export class ApiModule {
  static register(settings: ApiSettings, admission: Admission, log: Logger): DynamicModule {
    const { boardWritable: writable, boardPrompts: showsPrompts } = settings;
    const basePathOf = planBasePath(settings);
    const git = { allowFile: settings.gitAllowFile, hosts: settings.gitHosts };
    return {
      module: ApiModule,
      controllers: [IndexController],
      imports: [
        StoresModule.register(settings, { git, basePathOf, admission }, log),
        HealthModule.registerAsync({
          inject: [redisPing],
          useFactory: (redis: () => Promise<unknown>) => ({ redis }),
        }),
        MetricsModule.register({ app: 'api' }),
        JobsModule,
        EventsModule,
        DeadLettersModule,
        PoolsModule,
        BridgesModule,
        BoardModule.register({ writable, showsPrompts, basePathOf }),
      ],
    };
  }
}
