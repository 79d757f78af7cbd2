import type { OpenAPIObject } from '@nestjs/swagger';

type Paths = OpenAPIObject['paths'];

const report = (status: string): object => ({
  type: 'object',
  required: ['status', 'checks'],
  properties: {
    status: { type: 'string', enum: status.split('|') },
    checks: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Each check: `up`, or why it is down.',
      example: { redis: 'up' },
    },
  },
});
const json = (description: string, schema: object) => ({ description, content: { 'application/json': { schema } } });
const refused = {
  '4XX': {
    description: 'The request is refused; `code` says why.',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  },
};
const live = { type: 'object', required: ['status'], properties: { status: { type: 'string', enum: ['live'] } } };

/** The routes that all of our apps have: their code does not know OpenAPI. */
export const plainRoutes: Paths = {
  '/health/live': {
    get: {
      operationId: 'getLiveness',
      summary: 'Whether the process runs',
      description: 'A liveness probe: restart the process if it does not answer.',
      tags: ['operation'],
      responses: { ...refused, 200: json('It runs.', live) },
    },
  },
  '/health/ready': {
    get: {
      operationId: 'getReadiness',
      summary: 'Whether it can serve requests',
      description: 'A readiness probe: send requests only while it succeeds.',
      tags: ['operation'],
      responses: {
        ...refused,
        200: json('It can serve requests.', report('ready')),
        503: json('It cannot: Redis does not answer, or the api is shutting down.', report('not ready|shutting down')),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'getMetrics',
      security: [{ token: ['admin'] }],
      summary: 'Its metrics, for Prometheus',
      description: 'The runbook explains them.',
      tags: ['operation'],
      responses: {
        ...refused,
        200: {
          description: 'The Prometheus text format.',
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
      },
    },
  },
};
