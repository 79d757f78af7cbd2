import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { HealthModule, MetricsModule, type Logger } from '@remuda/runtime';
import type { Admission } from '@remuda/runtime';
import { planBasePath } from './base-path.js';
import { ArtifactsModule } from './artifacts/artifacts.module.js';
import { BoardModule } from './board/board.module.js';
import { BridgesModule } from './bridges/bridges.module.js';
import { DeadLettersModule } from './dead-letters/dead-letters.module.js';
import { EventsModule } from './events/events.module.js';
import { HistoryModule } from './history/history.module.js';
import { IdentityModule } from './identity/identity.module.js';
import type { IdentityPlan } from './identity/plan-identity.js';
import { IndexController } from './index.controller.js';
import { JobsModule } from './jobs/jobs.module.js';
import { PoolsModule } from './pools/pools.module.js';
import { ScreensModule } from './screens/screens.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import type { ApiSettings } from './settings.js';
import { redisPing } from './stores.js';
import { StoresModule } from './stores.module.js';
import { UploadsModule } from './uploads/uploads.module.js';

/** What is made of the settings before the modules are. */
export interface ApiParts {
  readonly admission: Admission;
  readonly identity: IdentityPlan;
  readonly log: Logger;
}

/** The api. */
@Module({})
export class ApiModule {
  static register(settings: ApiSettings, { admission, identity, log }: ApiParts): DynamicModule {
    const { boardWritable: writable, boardPrompts: showsPrompts } = settings;
    const basePathOf = planBasePath(settings);
    const git = { allowFile: settings.gitAllowFile, hosts: settings.gitHosts };
    return {
      module: ApiModule,
      controllers: [IndexController],
      imports: [
        StoresModule.register(
          settings,
          {
            ...{ git, webhookHosts: settings.webhookHosts, basePathOf, admission },
            protectedBranches: settings.gitProtected,
            keepsSecrets: settings.secretKeys !== undefined,
            keepsFiles: settings.blobsUrl !== undefined,
          },
          log,
        ),
        HealthModule.registerAsync({
          inject: [redisPing],
          useFactory: (redis: () => Promise<unknown>) => ({ redis }),
        }),
        IdentityModule.register(identity, log),
        MetricsModule.register({ app: 'api' }),
        UploadsModule.register(settings),
        ArtifactsModule,
        JobsModule,
        SessionsModule,
        EventsModule,
        DeadLettersModule,
        PoolsModule,
        BridgesModule,
        ScreensModule,
        HistoryModule,
        BoardModule.register({ writable, showsPrompts, basePathOf }),
      ],
    };
  }
}
