import { Controller, Get, Headers, Param, Query, Req, Res } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Principal } from '@remuda/domain';
import type { EventPageView } from '@remuda/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { readQuery } from '../input/read-dto.js';
import { EventPageDto, EventsQueryDto } from './events.dto.js';
import { JobEvents } from './job-events.js';
import { chooseForm, readPosition } from './position.js';
import { EventStreams } from './stream/event-streams.js';

/** A job's events, live or page by page. */
@ApiTags('events')
@Controller('api/v1/jobs/:id/events')
export class EventsController {
  constructor(
    private readonly events: JobEvents,
    private readonly streams: EventStreams,
  ) {}

  @Get()
  @Needs('jobs:read', { tickets: true })
  @ApiOperation({
    operationId: 'getEvents',
    summary: 'Events as Server-Sent Events until the job is over, or a page of them as JSON',
    description: `\`text/event-stream\`: what has happened so far, and then live; \`job.over\` is the last event. While a job waits, \`queue.position\` is sent as well,
without an id. \`application/json\`: one page. Ignore types that you do not know.`,
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Id of the last event that the client received.' })
  @ApiQuery({ type: EventsQueryDto })
  @ApiExtraModels(EventPageDto)
  @ApiOkResponse({
    content: {
      'text/event-stream': { schema: { type: 'string', description: 'The data of each event is a JobEvent.' } },
      'application/json': { schema: { $ref: getSchemaPath(EventPageDto) } },
    },
  })
  @ApiNoContentResponse({ description: 'The job is over, and the client has seen its last event.' })
  async read(
    @Param('id') id: string,
    @Query() query: unknown,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Caller() caller: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { after: requested, limit, format } = readQuery(EventsQueryDto, query);
    const path = lastEventId === undefined ? 'after' : 'Last-Event-ID';
    const after = readPosition(lastEventId ?? requested, path);
    const job = { tenant: caller.tenant, id };
    if (chooseForm(request.headers.accept, format) === 'sse') {
      const follow = (signal: AbortSignal) => this.events.follow(job, after, path, signal);
      await this.streams.send(caller, request, reply, follow);
      return;
    }
    const { events, complete } = await this.events.page(job, after, limit, path);
    const page: EventPageView = { events, next: events.at(-1)?.id ?? after, complete };
    void reply.send(page);
  }
}
