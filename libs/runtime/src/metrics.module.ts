import { Controller, Get, Global, Header, Injectable, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown } from '@nestjs/common';
import { Registry } from 'prom-client';
import { createRegistry } from './metrics.js';

/** `/metrics` in the Prometheus text format. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly registry: Registry) {}

  @Get()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}

@Injectable()
class MetricsEnd implements OnApplicationShutdown {
  constructor(private readonly registry: Registry) {}

  onApplicationShutdown(): void {
    this.registry.clear();
  }
}

/** Gives every module the app's prom-client `Registry`, and the route `/metrics`. */
@Global()
@Module({})
export class MetricsModule {
  /** `app` is a label on every metric. The process's own metrics are included. */
  static register({ app }: { readonly app: string }): DynamicModule {
    return {
      module: MetricsModule,
      controllers: [MetricsController],
      providers: [{ provide: Registry, useFactory: () => createRegistry(app) }, MetricsEnd],
      exports: [Registry],
    };
  }
}
