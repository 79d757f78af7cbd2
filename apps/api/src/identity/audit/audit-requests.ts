import type { ErrorCode } from '@remuda/domain';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { principalOf } from '../caller.js';
import { routeOf } from '../gate.js';
import { needOf } from '../route-need.js';
import type { Audit } from './audit.js';

const problems = new WeakMap<object, ErrorCode>();

/** Notes the code with which a request is answered. */
export function noteProblem(request: object, code: ErrorCode): void {
  problems.set(request, code);
}

/** Gives each answer the id of its request, and notes in the audit log what belongs there, once it is answered. */
export function auditRequests(server: Pick<FastifyInstance, 'addHook'>, audit: Audit): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-request-id', request.id);
    done(null, payload);
  });
  server.addHook('onResponse', (request: FastifyRequest, reply, done) => {
    const { id, raw } = request;
    const steers = !request.is404 && needOf(routeOf(request)).steers;
    audit.note({
      ...{ request: id, raw, status: reply.statusCode, steers },
      ...{ code: problems.get(request), principal: principalOf(request) },
    });
    done();
  });
}
