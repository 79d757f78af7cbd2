import { randomUUID } from 'node:crypto';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger } from '@remuda/runtime';
import type { AppPlan } from '@remuda/runtime';
import { Registry } from 'prom-client';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiModule } from './api.module.js';
import { mountBoard } from './board/mount.js';
import { mountConsole } from './console/console.js';
import { serveDocs } from './docs/openapi.js';
import { planEntry } from './entry.js';
import { Audit } from './identity/audit/audit.js';
import { auditRequests } from './identity/audit/audit-requests.js';
import { guardRoutes } from './identity/gate.js';
import { Identity } from './identity/identity.js';
import { planIdentity } from './identity/plan-identity.js';
import { readJsonBody } from './input/json-body.js';
import { KnownRoutes } from './known-routes.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { guardPages } from './page-headers.js';
import { answerUnreadable, takeAnyExpectation } from './problems/unreadable.js';
import { measureRequests } from './request-metrics.js';
import type { ApiSettings } from './settings.js';
import { takeUploads } from './uploads/upload-body.js';

/** Maximum sizes of bodies, in bytes: a prompt of 10 MiB with room for its escapes, or that much of several jobs. */
const jobsBytes = 12 * 1024 * 1024;
const bodyLimits = { any: 64 * 1024, '/api/v1/jobs': jobsBytes, '/api/v1/jobs/batch': jobsBytes };

/** The api as an app, created from its settings alone. */
export function planApi(settings: ApiSettings): AppPlan {
  const logger = createLogger({ name: 'api', level: settings.logLevel });
  const routes = new KnownRoutes();
  const filter = new ProblemFilter(logger, routes);
  const admission = planEntry(settings);
  const identity = planIdentity(settings);
  if (identity.exposed)
    logger.warn(
      { host: settings.host, hosts: settings.hosts },
      'ANYONE who reaches this api may use it: no tokens are needed',
    );
  return {
    module: ApiModule.register(settings, { admission, identity, log: logger }),
    logger,
    host: settings.host,
    port: settings.port,
    adapter: createAdapter(filter, routes),
    admission,
    refuse: filter.answer.bind(filter),
    configure: (app) => configure(app, filter, settings),
  };
}

function createAdapter(filter: ProblemFilter, routes: KnownRoutes): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: bodyLimits.any,
    forceCloseConnections: true,
    genReqId: () => randomUUID(),
    clientErrorHandler: answerUnreadable,
    // A request without one is refused with a problem document of ours.
    http: { requireHostHeader: false },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      filter.answer(error, request, reply);
    },
  });
  const fastify = adapter.getInstance();
  takeAnyExpectation(fastify.server);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request: FastifyRequest, body: Buffer) =>
    readJsonBody(request.headers, body),
  );
  takeUploads(fastify);
  fastify.addHook('onRoute', (route) => {
    routes.add(route.url, route.method);
    const limit = Object.entries(bodyLimits).find(([url]) => url === route.url)?.[1];
    if (limit !== undefined) route.bodyLimit = limit;
  });
  return adapter;
}

async function configure(app: NestFastifyApplication, filter: ProblemFilter, settings: ApiSettings): Promise<void> {
  app.useGlobalFilters(filter);
  if (settings.origins.length > 0) app.enableCors({ origin: [...settings.origins] });
  guardRoutes(app.getHttpAdapter().getInstance(), app.get(Identity, { strict: false }), filter.answer.bind(filter));
  auditRequests(app.getHttpAdapter().getInstance(), app.get(Audit, { strict: false }));
  measureRequests(app.getHttpAdapter().getInstance(), app.get(Registry, { strict: false }));
  guardPages(app.getHttpAdapter().getInstance());
  serveDocs(app);
  await mountBoard(app);
  await mountConsole(app);
}
