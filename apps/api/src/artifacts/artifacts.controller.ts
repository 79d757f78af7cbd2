import { Readable } from 'node:stream';
import { Controller, Get, Param, Req, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { ArtifactsView } from '@remuda/protocol';
import type { FastifyRequest } from 'fastify';
import { JobEvents } from '../events/job-events.js';
import { Tenant } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { iso } from '../jobs/job-view.js';
import { ArtifactsDto } from './artifact.dto.js';
import { Artifacts, type SentFile } from './artifacts.js';
import { attachment } from './attachment.js';

/** Files that are kept of jobs. */
@ApiTags('files')
@Controller('api/v1/jobs')
export class ArtifactsController {
  constructor(
    private readonly artifacts: Artifacts,
    private readonly events: JobEvents,
  ) {}

  @Get(':id/artifacts')
  @Needs('jobs:read')
  @ApiOperation({
    operationId: 'listArtifacts',
    summary: "A job's artifacts",
    description: 'The files that its `artifacts` name, as the latest attempt that could keep any has left them.',
  })
  @ApiOkResponse({ type: ArtifactsDto })
  async list(@Param('id') id: string, @Tenant() tenant: string): Promise<ArtifactsView> {
    const job = await this.events.job({ tenant, id });
    const artifacts = (await this.artifacts.list(job)).map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }));
    const { keptArtifacts: kept } = job;
    return { artifacts, bytes: kept?.bytes ?? 0, ...(kept ? { createdAt: iso(kept.at) } : {}) };
  }

  @Get(':id/artifacts.tar')
  @Needs('jobs:read')
  @ApiOperation({
    operationId: 'getArtifactsTar',
    summary: "All of a job's artifacts as a tar archive",
    description: 'Uncompressed, with files only, at their paths in the workspace.',
  })
  @ApiProduces('application/x-tar')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async all(@Param('id') id: string, @Tenant() tenant: string): Promise<StreamableFile> {
    const job = await this.events.job({ tenant, id });
    return sent(await this.artifacts.all(job), `${job.id}.tar`, 'application/x-tar');
  }

  @Get(':id/artifacts/*')
  @Needs('jobs:read')
  @ApiOperation({
    operationId: 'getArtifact',
    summary: "One of a job's artifacts",
    description: 'Always as a download: browsers do not show it.',
  })
  @ApiParam({ name: 'path', description: 'Its path, with slashes.', example: 'dist/app.js' })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async one(
    @Param('id') id: string,
    @Req() { params }: FastifyRequest<{ Params: { readonly '*': string } }>,
    @Tenant() tenant: string,
  ): Promise<StreamableFile> {
    const path = params['*'];
    const job = await this.events.job({ tenant, id });
    return sent(await this.artifacts.one(job, path), path, 'application/octet-stream');
  }
}

/**
 * Never as a page: what is in it comes from a container. The first part is read before the answer begins, so that a fault of the store
 * still has its own status; a later one breaks the answer off.
 */
async function sent({ content, bytes }: SentFile, path: string, type: string): Promise<StreamableFile> {
  const parts = content[Symbol.asyncIterator]();
  const stream = Readable.from(from(await parts.next(), parts), { objectMode: false });
  return new StreamableFile(stream, { type, length: bytes, disposition: attachment(path) });
}

async function* from<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let part = first; part.done !== true; part = await rest.next()) yield part.value;
  } finally {
    await rest.return?.();
  }
}
