import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RemudaError } from '@remuda/domain';
import type { Logger } from './log.js';
import { NestLogger } from './nest-log.js';
import { closeOnSignal } from './shutdown.js';
import { exitOnStartFault } from './start-fault.js';

/** What an app is made of. */
export interface AppPlan {
  readonly module: Type | DynamicModule;
  readonly logger: Logger;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Made with options of the app's own; a plain one by default. */
  readonly adapter?: FastifyAdapter;
  /** Pipes, filters, documents: whatever is set before the app listens. */
  readonly configure?: (app: NestFastifyApplication) => void | Promise<void>;
  /** Limit for going in ms. Default 10,000. */
  readonly graceMs?: number;
}

/** Brings an app up, without listening. Rejects with whatever its modules reject with. */
export async function createApp(plan: Omit<AppPlan, 'host' | 'port'>): Promise<NestFastifyApplication> {
  const adapter = plan.adapter ?? new FastifyAdapter({ forceCloseConnections: true });
  const logger = new NestLogger(plan.logger);
  // Fastify's own parser takes JSON and refuses the rest; NestJS would add forms to it.
  // The rule takes NestJS's options, a class of the type only, for a class of which one makes instances.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
  const app = await NestFactory.create<NestFastifyApplication>(plan.module, adapter, {
    logger,
    abortOnError: false,
    bodyParser: false,
  });
  await plan.configure?.(app);
  return app;
}

/**
 * Runs an app as a process: reads the plan (settings included), listens, says where, and closes on SIGTERM or SIGINT.
 * A start that fails is told on standard error, and the process ends: code 78 when the operator can mend it, else 1.
 */
export async function runApp(name: string, plan: () => AppPlan | Promise<AppPlan>): Promise<NestFastifyApplication> {
  try {
    const made = await plan();
    const app = await createApp(made);
    await listen(app, made);
    closeOnSignal({ logger: made.logger, close: () => app.close(), graceMs: made.graceMs ?? 10_000 });
    made.logger.info({ url: await app.getUrl() }, `${name} listens`);
    return app;
  } catch (error) {
    return exitOnStartFault(name, error);
  }
}

const listenFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'no right to listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
};

async function listen(app: NestFastifyApplication, { host, port }: Pick<AppPlan, 'host' | 'port'>): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
    await app.close();
    const fault = listenFaults[(error as NodeJS.ErrnoException).code ?? ''];
    if (fault === undefined) throw error;
    throw new RemudaError('config.invalid', `Cannot listen on ${host}:${String(port)}: ${fault}`, { cause: error });
  }
}
