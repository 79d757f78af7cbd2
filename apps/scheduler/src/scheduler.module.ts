import {
  Inject,
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { PoolRecord } from '@remuda/domain';
import { HealthModule, MetricsModule } from '@remuda/runtime';
import { Registry } from 'prom-client';
import { ScaleController, scaledPools } from './pools/scale.controller.js';
import { Scheduler } from './scheduler.js';
import type { SchedulerPlan } from './scheduler-plan.js';
import { ServiceModule, type ServicePlan } from './service/service.module.js';

const schedulerPlan = Symbol('SchedulerPlan');

/** Starts the scheduler when the app is up, and stops it before anything else is closed. */
@Injectable()
export class SchedulerService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #scheduler: Scheduler;

  constructor(@Inject(schedulerPlan) plan: Omit<SchedulerPlan, 'registry'>, registry: Registry) {
    this.#scheduler = new Scheduler({ ...plan, registry });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#scheduler.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#scheduler.stop();
  }

  async check(): Promise<void> {
    await this.#scheduler.check();
  }

  pools(): Promise<readonly PoolRecord[]> {
    return this.#scheduler.pools();
  }
}

const pools = {
  provide: scaledPools,
  inject: [SchedulerService],
  useFactory: (service: SchedulerService) => () => service.pools(),
};

@Module({ controllers: [ScaleController], providers: [SchedulerService, pools], exports: [SchedulerService] })
class SchedulerModule {}

/** The scheduler with its health checks and metrics. */
@Module({})
export class AppModule {
  static register(plan: Omit<SchedulerPlan, 'registry'> & ServicePlan): DynamicModule {
    const scheduler: DynamicModule = {
      module: SchedulerModule,
      providers: [{ provide: schedulerPlan, useValue: plan }],
    };
    const health = HealthModule.registerAsync({
      imports: [scheduler],
      inject: [SchedulerService],
      useFactory: (service: SchedulerService) => ({ redis: () => service.check() }),
    });
    const service = ServiceModule.register(plan);
    return { module: AppModule, imports: [MetricsModule.register({ app: 'scheduler' }), service, scheduler, health] };
  }
}
