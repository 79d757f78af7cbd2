import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { AttemptsController } from './attempts.controller.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { RedriveCount } from './redrive-count.js';

/** Jobs that failed and wait for a person, and what became of jobs' attempts. */
@Module({
  imports: [EventsModule],
  controllers: [DeadLettersController, AttemptsController],
  providers: [RedriveCount],
})
export class DeadLettersModule {}
