import { Module } from '@nestjs/common';
import { EventsController } from './events.controller.js';
import { JobEvents } from './job-events.js';
import { ScreensModule } from '../screens/screens.module.js';
import { OpenStreams } from './stream/open-streams.js';
import { StreamController } from './stream/stream.controller.js';
import { StreamGateway } from './stream/stream.gateway.js';

/** Job events over SSE, as JSON pages and over WebSocket. */
@Module({
  imports: [ScreensModule],
  controllers: [EventsController, StreamController],
  providers: [JobEvents, OpenStreams, StreamGateway],
  exports: [JobEvents, OpenStreams],
})
export class EventsModule {}
