import { Module } from '@nestjs/common';
import { EventsController } from './events.controller.js';
import { JobEvents } from './job-events.js';
import { ScreensModule } from '../screens/screens.module.js';
import { SessionEventsController } from './session/session-events.controller.js';
import { SessionEvents } from './session/session-events.js';
import { EventStreams } from './stream/event-streams.js';
import { OpenStreams } from './stream/open-streams.js';
import { StreamController } from './stream/stream.controller.js';
import { StreamGateway } from './stream/stream.gateway.js';

/** Events of jobs and sessions over SSE, as JSON pages and over WebSocket. */
@Module({
  imports: [ScreensModule],
  controllers: [EventsController, SessionEventsController, StreamController],
  providers: [JobEvents, SessionEvents, EventStreams, OpenStreams, StreamGateway],
  exports: [JobEvents, SessionEvents, OpenStreams],
})
export class EventsModule {}
