import { Readable } from 'node:stream';
import { Controller, Get, Headers, Param, Put, Query, Req, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiConflictResponse,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { RemudaError } from '@remuda/domain';
import type { SessionFilePageView, SessionFileView, TranscriptView } from '@remuda/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Tenant } from '../../identity/caller.js';
import { Needs } from '../../identity/needs.js';
import { readQuery } from '../../input/read-dto.js';
import { iso } from '../../jobs/job-view.js';
import { streamOf, uploadTypes } from '../../uploads/upload-body.js';
import { problemResponse } from '../../problems/problem.dto.js';
import { Sessions } from '../sessions.js';
import { FilesQueryDto, SessionFileDto, SessionFilePageDto, TranscriptDto } from './files.dto.js';
import { SessionEdits } from './session-edits.js';
import { SessionFiles, type OpenFile } from './session-files.js';

const noFiles = problemResponse('session.no_files or session.stopped: no turn of it is over yet, or it has ended.');

/** What sessions have written, from their latest snapshots. */
@ApiTags('sessions')
@Controller('api/v1/sessions/:id')
export class SessionFilesController {
  constructor(
    private readonly sessions: Sessions,
    private readonly files: SessionFiles,
    private readonly edits: SessionEdits,
  ) {}

  @Get('files')
  @Needs('sessions:read')
  @ApiOperation({
    operationId: 'listSessionFiles',
    summary: 'The files of a session',
    description:
      'As its last turn has left them, in the order of their paths, without those of git. One page at a time.',
  })
  @ApiQuery({ type: FilesQueryDto })
  @ApiOkResponse({ type: SessionFilePageDto })
  @ApiConflictResponse(noFiles)
  async list(@Param('id') id: string, @Query() query: unknown, @Tenant() tenant: string): Promise<SessionFilePageView> {
    const asked = readQuery(FilesQueryDto, query);
    const { at, ...page } = await this.files.list(await this.sessions.session({ tenant, id }), asked);
    return { ...page, snapshotAt: iso(at) };
  }

  @Get('transcript')
  @Needs('sessions:read')
  @ApiOperation({
    operationId: 'getSessionTranscript',
    summary: 'The conversation as Claude Code has written it',
    description: 'JSON lines, with which `claude --resume` goes on elsewhere. As of the end of the last turn.',
  })
  @ApiOkResponse({ content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } })
  @ApiConflictResponse(noFiles)
  async transcript(
    @Param('id') id: string,
    @Tenant() tenant: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable> {
    const transcript = await this.files.transcript(await this.sessions.session({ tenant, id }));
    return download(reply, transcript, transcript.name);
  }

  @Put('transcript')
  @Needs('sessions:write')
  @ApiOperation({
    operationId: 'putSessionTranscript',
    summary: 'Give a new session the conversation of a Claude Code elsewhere',
    description: 'A transcript as Claude Code has written it, JSON lines, with which the first turn goes on.',
  })
  @ApiConsumes(...uploadTypes)
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiOkResponse({ type: TranscriptDto })
  @ApiConflictResponse(problemResponse('session.has_conversation, session.busy or session.stopped.'))
  async putTranscript(
    @Param('id') id: string,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
  ): Promise<TranscriptView> {
    const session = await this.sessions.session({ tenant, id });
    return this.edits.putTranscript(session, requireStream(request));
  }

  @Put('files/*')
  @Needs('sessions:write')
  @ApiOperation({
    operationId: 'putSessionFile',
    summary: 'Write a file of a session',
    description: 'Between two turns: the next one finds it. It takes the place of the file that has its path.',
  })
  @ApiParam({ name: 'id', type: String })
  @ApiParam({ name: 'path', type: String, description: 'Where it is to be: src/main.ts; slashes may be encoded.' })
  @ApiConsumes(...uploadTypes)
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiOkResponse({ type: SessionFileDto })
  @ApiConflictResponse(problemResponse('session.busy, session.no_files or session.stopped: it cannot be written now.'))
  async put(
    @Param() { id = '', '*': path = '' }: Readonly<Record<string, string>>,
    @Headers('content-length') length: string | undefined,
    @Tenant() tenant: string,
    @Req() request: FastifyRequest,
  ): Promise<SessionFileView> {
    const session = await this.sessions.session({ tenant, id });
    const content = requireStream(request);
    if (length === undefined)
      throw new RemudaError(
        'request.malformed',
        'The request does not say how long its body is: it needs a Content-Length.',
      );
    return this.edits.putFile(session, { path, bytes: Number(length), content });
  }

  @Get('files/*')
  @Needs('sessions:read')
  @ApiOperation({
    operationId: 'getSessionFile',
    summary: 'One file of a session',
    description: 'As its last turn has left it. Files only: a path of a link, a device or a folder is refused.',
  })
  @ApiParam({ name: 'id', type: String })
  @ApiParam({ name: 'path', type: String, description: 'Its path as in the list of files; slashes may be encoded.' })
  @ApiOkResponse({ content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } })
  @ApiConflictResponse(noFiles)
  async one(
    @Param() { id = '', '*': path = '' }: Readonly<Record<string, string>>,
    @Tenant() tenant: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable> {
    const file = await this.files.one(await this.sessions.session({ tenant, id }), path);
    return download(reply, file, path.split('/').at(-1) ?? 'file');
  }
}

function requireStream({ body }: FastifyRequest): AsyncIterable<Uint8Array> {
  const content = streamOf(body);
  if (content) return content;
  throw new RemudaError('request.malformed', `The request has no body; send it as ${uploadTypes[0]}.`);
}

/** Sends content as a file to be saved, whatever is in it. Faults of its beginning, or of all of a small one, are answers of their own. */
async function download(reply: FastifyReply, { bytes, content }: OpenFile, name: string): Promise<Readable> {
  const rest = content[Symbol.asyncIterator]();
  const first = await rest.next();
  const type = 'application/octet-stream';
  const disposition = `attachment; filename*=UTF-8''${encodeName(name)}`;
  reply.headers({ 'content-type': type, 'content-length': bytes, 'content-disposition': disposition });
  return Readable.from(from(first, rest), { objectMode: false });
}

async function* from<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** As RFC 8187 wants it. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
}
