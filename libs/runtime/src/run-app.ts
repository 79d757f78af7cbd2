import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RemudaError } from '@remuda/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from './log.js';
import { NestLogger } from './nest-log.js';
import { closeOnSignal } from './shutdown.js';
import { ownSources } from './source/allowed-sources.js';
import { admitSources, answerFault } from './source/guard-server.js';
import type { Admission } from './source/guard-server.js';
import { exitOnStartFault } from './start-fault.js';

/** The parts of an app. */
export interface AppPlan {
  readonly module: Type | DynamicModule;
  readonly logger: Logger;
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Created with options of the app's own; a plain one by default. */
  readonly adapter?: FastifyAdapter;
  /** Decides for every request, before anything else, whether it is admitted. Default: `admitSources(ownSources)`. */
  readonly admission?: Admission;
  /** Answers a request that is not admitted. Default: a short problem document. */
  readonly refuse?: (error: RemudaError, request: FastifyRequest, reply: FastifyReply) => void;
  /** Pipes, filters, documents: everything that is set up before the app listens. */
  readonly configure?: (app: NestFastifyApplication) => void | Promise<void>;
  /** Timeout of the shutdown in ms. Default 10,000. */
  readonly graceMs?: number;
}

/** Creates an app without listening. Rejects with the errors of its modules. */
export async function createApp(plan: Omit<AppPlan, 'host' | 'port'>): Promise<NestFastifyApplication> {
  const adapter = plan.adapter ?? new FastifyAdapter({ forceCloseConnections: true });
  guard(adapter, plan);
  const logger = new NestLogger(plan.logger);
  // Fastify's own parser accepts JSON and refuses the rest; NestJS would add forms to it.
  // The rule mistakes NestJS's options, a class used only as a type, for a class with instances.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
  const app = await NestFactory.create<NestFastifyApplication>(plan.module, adapter, {
    logger,
    abortOnError: false,
    bodyParser: false,
  });
  await plan.configure?.(app);
  return app;
}

/** The first hook of all: it runs before routing, also for routes that are mounted beside the controllers. */
function guard(adapter: FastifyAdapter, plan: Pick<AppPlan, 'admission' | 'refuse'>): void {
  const admission = plan.admission ?? admitSources(ownSources);
  const refuse = plan.refuse ?? ((error, _request, reply) => answerFault(reply.hijack().raw, error));
  adapter.getInstance().addHook('onRequest', (request, reply, next) => {
    const fault = admission(request.raw);
    if (fault) refuse(fault, request, reply);
    else next();
  });
}

/**
 * Runs an app as a process: reads the plan (settings included), listens, logs its address, and closes on SIGTERM or
 * SIGINT. A failed start is reported on standard error, and the process exits: with code 78 if the operator can fix it,
 * otherwise 1.
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
  EACCES: 'no permission to listen there',
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
