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
      description: 'Each check with `up`, or why it is not.',
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

/** The routes that every app of ours has: they come from where nothing is known of OpenAPI. */
export const plainRoutes: Paths = {
  '/health/live': {
    get: {
      operationId: 'getLiveness',
      summary: 'Whether the process runs',
      description: 'For whoever restarts it where this does not answer.',
      tags: ['operation'],
      responses: { ...refused, 200: json('It runs.', live) },
    },
  },
  '/health/ready': {
    get: {
      operationId: 'getReadiness',
      summary: 'Whether it can serve',
      description: 'For whoever sends it requests, or does not.',
      tags: ['operation'],
      responses: {
        ...refused,
        200: json('It can.', report('ready')),
        503: json('It can not: Redis does not answer, or it shuts down.', report('not ready|shutting down')),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'getMetrics',
      summary: 'Its figures, for Prometheus',
      description: 'What they mean is in the runbook.',
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
