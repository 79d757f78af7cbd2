import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { JobEvent, Principal, SessionEvent } from '@remuda/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Following } from '../job-events.js';
import { OpenStreams } from './open-streams.js';
import { sseChunks } from './sse.js';

const sseHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Tells nginx not to buffer the stream.
  'x-accel-buffering': 'no',
};

/** Answers requests with a stream of Server-Sent Events. */
@Injectable()
export class EventStreams {
  constructor(private readonly streams: OpenStreams) {}

  /** Sends what `follow` gives until it ends, its reader leaves, or the reader's token ends. 204 if it has ended already. */
  async send(
    caller: Principal,
    request: FastifyRequest,
    reply: FastifyReply,
    follow: (signal: AbortSignal) => Promise<Following<JobEvent | SessionEvent>>,
  ): Promise<void> {
    const stream = this.streams.start(caller);
    reply.raw.once('close', stream.close);
    try {
      const following = await follow(stream.signal);
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
