import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RemudaError } from '@remuda/domain';
import { uploadsPath } from '@remuda/protocol';

/** Types of bodies that are archives. What they are in truth says their content. */
export const uploadTypes = [
  ...(['application/octet-stream', 'application/x-tar', 'application/gzip', 'application/zip'] as const),
  ...(['application/x-gzip', 'application/x-zip-compressed', 'application/x-gtar'] as const),
] as const;

/** Hands the bodies of uploads on as streams; no other route takes such a type. */
export function takeUploads(fastify: Pick<FastifyInstance, 'addContentTypeParser'>): void {
  fastify.addContentTypeParser([...uploadTypes], async (request: FastifyRequest, body: unknown) => {
    if (request.routeOptions.url === uploadsPath) return Promise.resolve(body);
    const type = request.headers['content-type'] ?? '';
    throw new RemudaError('request.unsupported_type', `This route takes application/json, not ${type}.`);
  });
}
