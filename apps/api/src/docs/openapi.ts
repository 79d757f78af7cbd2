import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { EmptyWorkspaceDto, GitWorkspaceDto } from '../jobs/submit-job.dto.js';
import { ProblemDto } from '../problems/problem.dto.js';

/** The API as OpenAPI 3.1. */
export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const frame = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Remuda')
    .setDescription('Claude Code as a service. Errors are RFC 9457 problem documents with a stable `code`.')
    .setVersion('1')
    .addGlobalResponse({
      status: '4XX',
      description: 'The request is refused; `code` says why.',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    })
    .addGlobalResponse({
      status: 503,
      description: 'Try again after Retry-After seconds.',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    })
    .build();
  return SwaggerModule.createDocument(app, frame, { extraModels: [ProblemDto, EmptyWorkspaceDto, GitWorkspaceDto] });
}

/** Serves the document at `/api/docs-json`, and a page to read it and try it at `/api/docs`. */
export function serveDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('api/docs', app, () => describeApi(app), { jsonDocumentUrl: 'api/docs-json' });
}
