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
import { formatPosition, type Principal } from '@remuda/domain';
import type { SessionEventPageView } from '@remuda/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller } from '../../identity/caller.js';
import { Needs } from '../../identity/needs.js';
import { readQuery } from '../../input/read-dto.js';
import { EventsQueryDto } from '../events.dto.js';
import { chooseForm, readSessionPosition } from '../position.js';
import { EventStreams } from '../stream/event-streams.js';
import { SessionEventPageDto } from './session-events.dto.js';
import { SessionEvents } from './session-events.js';

/** A session's events, live or page by page. */
@ApiTags('sessions')
@Controller('api/v1/sessions/:id/events')
export class SessionEventsController {
  constructor(
    private readonly events: SessionEvents,
    private readonly streams: EventStreams,
  ) {}

  @Get()
  @Needs('sessions:read', { tickets: true })
  @ApiOperation({
    operationId: 'getSessionEvents',
    summary: 'Events of all turns as Server-Sent Events until the session has ended, or a page of them as JSON',
    description: `The events of the session's turns, one turn after the other, as those of their jobs. Each has an id of the session: the number of
the turn and the id of the event within it. The stream stays open between turns; it ends when the session is stopped and its last turn is over.`,
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Id of the last event that the client received.' })
  @ApiQuery({ type: EventsQueryDto })
  @ApiExtraModels(SessionEventPageDto)
  @ApiOkResponse({
    content: {
      'text/event-stream': { schema: { type: 'string', description: 'The data of each event is a SessionEvent.' } },
      'application/json': { schema: { $ref: getSchemaPath(SessionEventPageDto) } },
    },
  })
  @ApiNoContentResponse({ description: 'The session has ended, and the client has seen its last event.' })
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
    const after = readSessionPosition(lastEventId ?? requested, path);
    const place = { session: { tenant: caller.tenant, id }, after, path };
    if (chooseForm(request.headers.accept, format) === 'sse') {
      await this.streams.send(caller, request, reply, (signal) => this.events.follow(place, signal));
      return;
    }
    const { events, complete } = await this.events.page(place, limit);
    const page: SessionEventPageView = { events, next: events.at(-1)?.id ?? formatPosition(after), complete };
    void reply.send(page);
  }
}
