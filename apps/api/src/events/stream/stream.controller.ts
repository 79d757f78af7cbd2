import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RemudaError } from '@remuda/domain';
import type { FastifyReply } from 'fastify';
import { Needs } from '../../identity/needs.js';

const description = `Send \`{"subscribe": "<job id>", "after": 0}\` for a job's events above that id, up to 100 at a time, and
\`{"unsubscribe": "<job id>"}\`. You get \`{"job": "<job id>", "event": {…}}\` with the events and ids of
\`GET /api/v1/jobs/{id}/events\`; the last one of a job is \`job.over\`. A refusal is sent as
\`{"error": {problem}, "job"?}\`, and the connection stays open. The same of a session, with \`{"subscribeSession": "<session id>", "after": "3.17"}\` and
\`{"unsubscribeSession": "<session id>"}\`: you get \`{"session": "<session id>", "id": "3.18", "turn": 3, "job": "<job id>", "event": {…}}\`.`;

/** Answers plain requests to the WebSocket's path; `stream.gateway.ts` is the WebSocket itself. */
@ApiTags('events')
@Controller('api/v1/stream')
export class StreamController {
  @Get()
  @Needs('jobs:read', { tickets: true })
  @ApiQuery({ name: 'ticket', required: false, description: 'A ticket, in place of a token.' })
  @ApiOperation({
    operationId: 'openStream',
    summary: 'The events of many jobs and sessions over one WebSocket',
    description,
  })
  @ApiResponse({ status: 101, description: 'Switching to WebSocket.' })
  plain(@Res({ passthrough: true }) reply: FastifyReply): never {
    void reply.header('upgrade', 'websocket');
    throw new RemudaError('request.upgrade_required', 'This is a WebSocket: ask for an upgrade.');
  }
}
