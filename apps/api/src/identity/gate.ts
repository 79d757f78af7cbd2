import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { notePrincipal } from './caller.js';
import type { Identity } from './identity.js';
import type { RouteNeed } from './needs.js';
import { needOf, refuseRoute, type AskedRoute } from './route-need.js';

/** Answers a request with an error. */
export type Answer = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/**
 * The gate before all routes: finds out who sends a request, and refuses what they may not do, before the request's
 * body is read. After the hook of CORS, so that a page reads why it was refused.
 */
export function guardRoutes(server: Pick<FastifyInstance, 'register'>, identity: Identity, refuse: Answer): void {
  void server.register(
    shared((instance, _options, done) => {
      instance.addHook('onRequest', async (request, reply) => {
        // Nothing is there: the answer is the same for all.
        if (request.is404) return undefined;
        try {
          await pass(request, identity);
          return undefined;
        } catch (error) {
          challenge(request, reply);
          refuse(error, request, reply);
          return reply;
        }
      });
      done();
    }),
  );
}

async function pass(request: FastifyRequest, identity: Identity): Promise<void> {
  const route = routeOf(request);
  const { tickets } = needOf(route);
  const principal = await identity.of(request.raw, tickets);
  if (principal) notePrincipal(request, principal);
  const refusal = refuseRoute(route, principal);
  if (refusal) throw refusal;
}

/** The route of a request, as Fastify found it. */
export function routeOf({ method, routeOptions: { url = '', config } }: FastifyRequest): AskedRoute {
  return { method, url, config: config as Partial<RouteNeed> };
}

/** A browser that opens a page asks a person for the token. */
function challenge({ headers }: FastifyRequest, reply: FastifyReply): void {
  const isPage = /\btext\/html\b/i.test(headers.accept ?? '');
  void reply.header('www-authenticate', isPage ? 'Basic realm="remuda", charset="UTF-8"' : 'Bearer realm="remuda"');
}

/** A plugin whose hooks apply to the whole server, not to its own routes only. */
function shared(plugin: FastifyPluginCallback): FastifyPluginCallback {
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}
