import type { IncomingHttpHeaders } from 'node:http';
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { Principal, SessionRecord, SessionStore } from '@remuda/domain';
import { sessionsPath } from '@remuda/protocol';
import type { SessionPageView, SessionView } from '@remuda/protocol';
import type { FastifyReply } from 'fastify';
import { bodyExamples } from '../docs/body-examples.js';
import { Caller, Tenant } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { readQuery, requireBody } from '../input/read-dto.js';
import { problemResponse } from '../problems/problem.dto.js';
import { apiConfig, sessionStore } from '../stores.js';
import type { ApiConfig } from '../stores.js';
import { CreateSessionDto, ForkSessionDto, ListSessionsDto } from './session.dto.js';
import { SessionGit } from './session-git.js';
import { SessionDto, SessionPageDto } from './session-view.dto.js';
import { viewSession } from './session-view.js';
import { Sessions } from './sessions.js';

/** Sessions: creating, reading and ending them. */
@ApiTags('sessions')
@Controller('api/v1/sessions')
export class SessionsController {
  constructor(
    private readonly sessions: Sessions,
    private readonly git: SessionGit,
    @Inject(sessionStore) private readonly store: SessionStore,
    @Inject(apiConfig) private readonly config: ApiConfig,
  ) {}

  @Post()
  @Needs('sessions:write')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createSession',
    summary: 'Create a session',
    description: 'A conversation that keeps its files from turn to turn. It takes no worker before its first turn.',
  })
  @ApiBody({ type: CreateSessionDto, examples: bodyExamples.createSession })
  @ApiCreatedResponse({ type: SessionDto, headers: { Location: { schema: { type: 'string' } } } })
  async create(
    @Body() body: unknown,
    @Headers() headers: IncomingHttpHeaders,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    return this.created(await this.sessions.create(requireBody(body), caller), headers, reply);
  }

  @Post(':id/fork')
  @Needs('sessions:write')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'forkSession',
    summary: 'Fork a session',
    description:
      'A further session with its settings, conversation and files as they were after a turn. From then on each goes its own way.',
  })
  @ApiBody({ type: ForkSessionDto, required: false, examples: bodyExamples.forkSession })
  @ApiCreatedResponse({ type: SessionDto, headers: { Location: { schema: { type: 'string' } } } })
  @ApiConflictResponse(
    problemResponse('session.cannot_fork, session.no_files or session.stopped: there is nothing to go on from.'),
  )
  async fork(
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers() headers: IncomingHttpHeaders,
    @Tenant() tenant: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionView> {
    const source = await this.sessions.session({ tenant, id });
    return this.created(await this.sessions.fork(requireBody(body ?? {}), source), headers, reply);
  }

  @Get()
  @Needs('sessions:read')
  @ApiOperation({ operationId: 'listSessions', summary: 'Sessions, newest first', description: 'One page at a time.' })
  @ApiQuery({ type: ListSessionsDto })
  @ApiOkResponse({ type: SessionPageDto })
  async list(@Query() query: unknown, @Tenant() tenant: string): Promise<SessionPageView> {
    const { limit, cursor, state } = readQuery(ListSessionsDto, query);
    const { sessions, ...rest } = await this.store.list({
      ...{ tenant, limit },
      ...(cursor === undefined ? {} : { cursor }),
      ...(state === undefined ? {} : { state }),
    });
    return { sessions: sessions.map(viewSession), ...rest };
  }

  @Get(':id')
  @Needs('sessions:read')
  @ApiOperation({
    operationId: 'getSession',
    summary: 'One session',
    description:
      'Its state, its settings, the job that is its turn now, those that wait, and what all turns together have changed in its repository.',
  })
  @ApiOkResponse({ type: SessionDto })
  async one(@Param('id') id: string, @Tenant() tenant: string): Promise<SessionView> {
    const session = await this.sessions.session({ tenant, id });
    const git = await this.git.of(session);
    return { ...viewSession(session), ...(git ? { git } : {}) };
  }

  @Post(':id/stop')
  @Needs('sessions:write', { steers: true })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'stopSession',
    summary: 'Stop a session',
    description:
      'It takes no more turns, its turns that are not over are cancelled, and its files are removed. Repeating it is harmless.',
  })
  @ApiOkResponse({ type: SessionDto })
  async stop(@Param('id') id: string, @Tenant() tenant: string): Promise<SessionView> {
    return viewSession(await this.sessions.stop({ tenant, id }));
  }

  @Delete(':id')
  @Needs('sessions:write', { steers: true })
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteSession',
    summary: 'Delete a stopped session',
    description: 'The jobs that were its turns stay as long as other jobs do.',
  })
  @ApiNoContentResponse({ description: 'It is gone.' })
  @ApiConflictResponse(problemResponse('session.busy: it is not stopped, or its last turn is not over yet.'))
  async remove(@Param('id') id: string, @Tenant() tenant: string): Promise<void> {
    await this.sessions.remove({ tenant, id });
  }

  private created(session: SessionRecord, headers: IncomingHttpHeaders, reply: FastifyReply): SessionView {
    reply.header('location', `${this.config.basePathOf(headers)}${sessionsPath}/${session.id}`);
    return viewSession(session);
  }
}
