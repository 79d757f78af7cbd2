import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { eventSchemas } from '../events/event-schemas.js';
import { GitSummaryDto } from '../jobs/result-view.dto.js';
import {
  EmptyWorkspaceDto,
  GitWorkspaceDto,
  SnapshotWorkspaceDto,
  UploadWorkspaceDto,
} from '../jobs/submit/submit-job.dto.js';
import { tokenScheme } from '../identity/needs.js';
import { ProblemDto } from '../problems/problem.dto.js';
import { defaultsInWords } from './defaults-in-words.js';
import { plainRoutes } from './plain-routes.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** In the order of the page. */
const tags = {
  jobs: 'Submit, follow and cancel jobs.',
  files: 'What jobs begin with and leave behind.',
  sessions: 'Conversations that keep their files from turn to turn.',
  events: 'What happens to a job, live or page by page.',
  'dead letters': 'Failed jobs that need a person.',
  pools: 'Workers and pools: monitoring and operation.',
  operation: 'Health and metrics of the api itself.',
};
const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
const retryAfter = {
  'Retry-After': { description: 'Seconds to wait before the next try.', schema: { type: 'integer' } },
} as const;

/** The API as OpenAPI 3.1. */
export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const described = SwaggerModule.createDocument(app, frame(), {
    extraModels: [
      ...[ProblemDto, GitSummaryDto],
      ...[EmptyWorkspaceDto, GitWorkspaceDto, UploadWorkspaceDto, SnapshotWorkspaceDto],
    ],
  });
  const { components, paths } = described;
  return {
    ...described,
    security: [],
    paths: { ...withNamedRest(paths), ...plainRoutes },
    components: { ...components, schemas: finish(components?.schemas ?? {}) },
  };
}

/** Fastify has no name for the rest of a path, which the documents call `path`. */
function withNamedRest(paths: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  return Object.fromEntries(Object.entries(paths).map(([path, item]) => [path.replace(/\/\*$/, '/{path}'), item]));
}

const tokens =
  'An API key, or a JWT of the configured issuer. On a loopback address, none is needed by default. Each operation names the scope that it needs.';

function frame(): Omit<OpenAPIObject, 'paths'> {
  const frame = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Remuda')
    .setDescription('Claude Code as a service. Errors are RFC 9457 problem documents with a stable `code`.')
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addBearerAuth({ type: 'http', description: tokens }, tokenScheme)
    // The parent folder of this document, so that a proxy's path prefix is included.
    .addServer('..')
    .addGlobalResponse({ status: '4XX', description: 'The request is refused; `code` says why.', content: problem })
    .addGlobalResponse({ status: '5XX', description: 'The service failed; its log says why.', content: problem })
    .addGlobalResponse({
      status: 503,
      description: 'Redis does not answer or is full, or the service is starting: try again later.',
      content: problem,
      headers: retryAfter,
    });
  for (const [name, description] of Object.entries(tags)) frame.addTag(name, description);
  const built = frame.build();
  return { ...built, info: { ...built.info, contact: { name: 'The operator of this service' } } };
}

/** What decorators cannot express: any JSON as a type, and a union by the event's type. */
function finish(schemas: Schemas): Schemas {
  const told = Object.entries(schemas).map(([name, schema]) => [name, defaultsInWords(anyJson(schema))] as const);
  return { ...Object.fromEntries(told), ...(eventSchemas() as Schemas) };
}

function anyJson<T extends object>(schema: T): T {
  const { properties } = schema as { readonly properties?: Readonly<Record<string, { description?: string }>> };
  const { structured } = properties ?? {};
  if (structured === undefined) return schema;
  return { ...schema, properties: { ...properties, structured: { description: structured.description } } };
}

/** Serves the document at `/api/docs-json`, and a page for reading and trying the API at `/api/docs`. */
export function serveDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('api/docs', app, () => describeApi(app), {
    jsonDocumentUrl: 'api/docs-json',
    customSiteTitle: 'Remuda API',
    swaggerOptions: { displayRequestDuration: true, defaultModelsExpandDepth: 0 },
  });
}
