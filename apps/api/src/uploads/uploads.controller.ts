import type { IncomingHttpHeaders } from 'node:http';
import { Controller, Delete, Get, Headers, HttpCode, Inject, Param, Put, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { RemudaError } from '@remuda/domain';
import { uploadsPath } from '@remuda/protocol';
import type { UploadView } from '@remuda/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Tenant } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { apiConfig } from '../stores.js';
import type { ApiConfig } from '../stores.js';
import { readUploadHeaders } from './upload-headers.js';
import { streamOf, uploadTypes } from './upload-body.js';
import { viewUpload } from './upload-view.js';
import { UploadDto } from './upload.dto.js';
import { Uploads } from './uploads.js';

/** Archives that jobs begin with. */
@ApiTags('files')
@Controller('api/v1/uploads')
export class UploadsController {
  constructor(
    private readonly uploads: Uploads,
    @Inject(apiConfig) private readonly config: ApiConfig,
  ) {}

  @Put()
  @Needs('jobs:write')
  @ApiOperation({
    operationId: 'putUpload',
    summary: 'Upload a workspace as tar, tar.gz or zip',
    description:
      'Files and folders only. With its digest it can be sent in parts, and taken up where it broke off: `Content-Range: bytes */TOTAL` with an empty body asks how far it is.',
  })
  @ApiConsumes(...uploadTypes)
  @ApiHeader({ name: 'Repr-Digest', required: false, description: 'Of the whole archive: sha-256=:BASE64:' })
  @ApiHeader({ name: 'Content-Range', required: false, description: 'Which part the body is: bytes FROM-TO/TOTAL' })
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiCreatedResponse({ type: UploadDto, headers: { Location: { schema: { type: 'string' } } } })
  @ApiAcceptedResponse({ type: UploadDto, description: 'A part has arrived; `received` says how much there is.' })
  async put(
    @Headers('repr-digest') digest: string | undefined,
    @Headers('content-range') range: string | undefined,
    @Headers() headers: IncomingHttpHeaders,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UploadView> {
    const said = readUploadHeaders(digest, range);
    const body = streamOf(request.body);
    if (!body && said.part !== 'none')
      throw new RemudaError('request.malformed', `The request has no body; send an archive as ${uploadTypes[0]}.`);
    const upload = await this.uploads.put({ ...said, tenant, body: body ?? none() });
    if (upload.state === 'complete')
      reply.header('location', `${this.config.basePathOf(headers)}${uploadsPath}/${upload.id}`);
    reply.status(upload.state === 'complete' ? 201 : 202);
    return upload;
  }

  @Get(':id')
  @Needs('jobs:read')
  @ApiOperation({ operationId: 'getUpload', summary: 'One upload', description: 'Once it is complete.' })
  @ApiOkResponse({ type: UploadDto })
  async one(@Param('id') id: string, @Tenant() tenant: string): Promise<UploadView> {
    return viewUpload(await this.uploads.one(id, tenant));
  }

  @Delete(':id')
  @Needs('jobs:write', { steers: true })
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteUpload',
    summary: 'Delete an upload',
    description: 'Jobs that have not begun with it yet then fail.',
  })
  @ApiNoContentResponse()
  async remove(@Param('id') id: string, @Tenant() tenant: string): Promise<void> {
    await this.uploads.remove(id, tenant);
  }
}

async function* none(): AsyncGenerator<Uint8Array> {
  // no chunk
}
