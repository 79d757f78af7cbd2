import { Readable } from 'node:stream';
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
import type { EventPageView } from '@remuda/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readQuery } from '../input/read-dto.js';
import { EventPageDto, EventsQueryDto } from './events.dto.js';
import { JobEvents } from './job-events.js';
import { OpenStreams } from './stream/open-streams.js';
import { chooseForm, readPosition } from './position.js';
import { sseChunks } from './stream/sse.js';

const sseHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Tells nginx not to buffer the stream.
  'x-accel-buffering': 'no',
};

/** A job's events, live or page by page. */
@ApiTags('events')
@Controller('api/v1/jobs/:id/events')
export class EventsController {
  constructor(
    private readonly events: JobEvents,
    private readonly streams: OpenStreams,
  ) {}

  @Get()
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
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { after: requested, limit, format } = readQuery(EventsQueryDto, query);
    const path = lastEventId === undefined ? 'after' : 'Last-Event-ID';
    const after = readPosition(lastEventId ?? requested, path);
    if (chooseForm(request.headers.accept, format) === 'sse') {
      await this.stream({ id, after, path }, request, reply);
      return;
    }
    const { events, complete } = await this.events.page(id, after, limit, path);
    const page: EventPageView = { events, next: events.at(-1)?.id ?? after, complete };
    void reply.send(page);
  }

  private async stream(
    place: { readonly id: string; readonly after: number; readonly path: string },
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const stream = this.streams.start();
    reply.raw.once('close', stream.close);
    try {
      const following = await this.events.follow(place.id, place.after, place.path, stream.signal);
      // 204 tells an EventSource not to reconnect.
      if (following.ended) void reply.status(204).send();
      else if (request.method === 'HEAD') void reply.headers(sseHeaders).send();
      else void reply.headers(sseHeaders).send(Readable.from(sseChunks(following.stream), { objectMode: false }));
    } catch (error) {
      stream.close();
      throw error;
    }
  }
}
