import { Counter, Histogram, type Registry } from 'prom-client';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Counts every request of a server, and the time until its answer began, by its declared route: no label contains an
 * id. A request that asked to wait (`Prefer: wait`) is counted but not timed.
 */
export function measureRequests(server: Pick<FastifyInstance, 'addHook'>, registry: Registry): void {
  const labelNames = ['method', 'route', 'status'] as const;
  const registers = [registry];
  const count = new Counter({
    name: 'remuda_http_requests_total',
    help: 'Answered requests, by route and status.',
    labelNames,
    registers,
  });
  const time = new Histogram({
    name: 'remuda_http_request_seconds',
    help: 'Time from a request to the first byte of its answer. Requests that asked to wait do not count.',
    labelNames: ['method', 'route'],
    buckets: seconds,
    registers,
  });
  server.addHook('onSend', (request: FastifyRequest, reply: FastifyReply, payload: unknown, done) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? 'unknown' };
    count.inc({ ...labels, status: reply.statusCode });
    if (!reply.hasHeader('preference-applied')) time.observe(labels, reply.elapsedTime / 1_000);
    done(null, payload);
  });
}
