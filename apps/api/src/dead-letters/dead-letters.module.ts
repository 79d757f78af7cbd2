import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { AttemptsController } from './attempts.controller.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { RedriveCount } from './redrive-count.js';
import { Redrives } from './redrives.js';

/** Failed jobs that need a person, and the attempts of jobs. */
@Module({
  imports: [EventsModule, JobsModule],
  controllers: [DeadLettersController, AttemptsController],
  providers: [RedriveCount, Redrives],
})
export class DeadLettersModule {}
