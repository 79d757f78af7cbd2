import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RemudaError } from '@remuda/domain';
import { sessionsPath, uploadsPath } from '@remuda/protocol';

/** Types of bodies that are archives. What they are in truth says their content. */
export const uploadTypes = [
  ...(['application/octet-stream', 'application/x-tar', 'application/gzip', 'application/zip'] as const),
  ...(['application/x-gzip', 'application/x-zip-compressed', 'application/x-gtar'] as const),
] as const;

/** Routes that take bodies as they are, with `PUT`. */
const streamed: readonly (string | undefined)[] = [
  ...[uploadsPath, `${sessionsPath}/:id/files/*`, `${sessionsPath}/:id/transcript`],
];

/** Hands the bodies of uploads on as streams; no other route takes such a type. */
export function takeUploads(fastify: Pick<FastifyInstance, 'addContentTypeParser'>): void {
  fastify.addContentTypeParser([...uploadTypes], async (request: FastifyRequest, body: unknown) => {
    if (request.method === 'PUT' && streamed.includes(request.routeOptions.url)) return Promise.resolve(body);
    const type = request.headers['content-type'] ?? '';
    throw new RemudaError('request.unsupported_type', `This route takes application/json, not ${type}.`);
  });
}

/** The body as a stream; undefined if there is none. JSON was parsed before. */
export function streamOf(body: unknown): AsyncIterable<Uint8Array> | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'object' && Symbol.asyncIterator in body) return body as AsyncIterable<Uint8Array>;
  throw new RemudaError('request.unsupported_type', `This route takes ${uploadTypes.join(', ')}.`);
}
