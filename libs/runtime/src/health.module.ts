import { Controller, Get, Inject, Injectable, Module, Res } from '@nestjs/common';
import type { DynamicModule, InjectionToken, OnModuleDestroy, OptionalFactoryDependency } from '@nestjs/common';

/** The checks of an app's readiness, by name; a check that rejects says why not. */
export type HealthChecks = Readonly<Record<string, () => Promise<unknown>>>;

/** The body of `/health/ready`: each check with `up` or the reason why not. */
export interface ReadyReport {
  readonly status: 'ready' | 'not ready' | 'shutting down';
  readonly checks: Readonly<Record<string, string>>;
}

/** Timeout of one check, in ms. */
const checkLimitMs = 1_000;
const healthChecks = Symbol('HealthChecks');

/** Whether the app can serve. The flag changes with the first shutdown hook, before anything is closed. */
@Injectable()
export class Readiness implements OnModuleDestroy {
  private leaving = false;

  constructor(@Inject(healthChecks) private readonly checks: HealthChecks) {}

  onModuleDestroy(): void {
    this.leaving = true;
  }

  /** Runs all checks concurrently, each with a timeout of a second. */
  async report(): Promise<ReadyReport> {
    if (this.leaving) return { status: 'shutting down', checks: {} };
    const answers = await Promise.all(
      Object.entries(this.checks).map(async ([name, check]) => [name, await ask(check)] as const),
    );
    const ready = answers.every(([, answer]) => answer === 'up');
    return { status: ready ? 'ready' : 'not ready', checks: Object.fromEntries(answers) };
  }
}

async function ask(check: () => Promise<unknown>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      resolve(`no answer within ${String(checkLimitMs)} ms`);
    }, checkLimitMs);
  });
  try {
    return await Promise.race([check().then(() => 'up'), limit]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}

/** `/health/live`: the process runs. `/health/ready`: it can serve; 503 when not. */
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: { status(code: number): unknown }): Promise<ReadyReport> {
    const report = await this.readiness.report();
    reply.status(report.status === 'ready' ? 200 : 503);
    return report;
  }
}

/** Checks that are created from the container's providers. */
export interface HealthFactory {
  readonly imports?: NonNullable<DynamicModule['imports']>;
  readonly inject: (InjectionToken | OptionalFactoryDependency)[];
  // The container passes the providers that `inject` names; Nest itself types them as any.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly useFactory: (...provided: any[]) => HealthChecks;
}

/** The routes `/health/live` and `/health/ready`. */
@Module({})
export class HealthModule {
  /** With the given checks. */
  static register({ checks }: { readonly checks: HealthChecks }): DynamicModule {
    return HealthModule.registerAsync({ inject: [], useFactory: () => checks });
  }

  /** With checks that need injected providers. */
  static registerAsync({ imports = [], inject, useFactory }: HealthFactory): DynamicModule {
    return {
      module: HealthModule,
      imports,
      controllers: [HealthController],
      providers: [{ provide: healthChecks, inject, useFactory }, Readiness],
    };
  }
}
