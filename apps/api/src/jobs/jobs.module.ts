import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { JobsController } from './jobs.controller.js';
import { KnownProfiles } from './known-profiles.js';
import { Answers } from './submit/answers.js';
import { SubmitController } from './submit/submit.controller.js';
import { SubmissionCount } from './submit/submission-count.js';
import { Submission } from './submit/submission.js';
import { WebhooksController } from './webhooks.controller.js';

/** Jobs: accepting them, and reporting their state. */
@Module({
  imports: [EventsModule],
  controllers: [SubmitController, JobsController, WebhooksController],
  providers: [Submission, SubmissionCount, KnownProfiles, Answers],
  exports: [Submission, SubmissionCount, KnownProfiles, Answers],
})
export class JobsModule {}
