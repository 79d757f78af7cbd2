import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { SessionFilesController } from './files/files.controller.js';
import { SessionEdits } from './files/session-edits.js';
import { SessionFiles } from './files/session-files.js';
import { MessagesController } from './messages/messages.controller.js';
import { Messages } from './messages/messages.js';
import { Sessions } from './sessions.js';
import { SessionGit } from './session-git.js';
import { SessionsController } from './sessions.controller.js';
import { SessionSteering } from './steering.js';
import { TurnsController } from './turns.controller.js';

/** Sessions: conversations that keep their files from turn to turn. */
@Module({
  imports: [EventsModule, JobsModule],
  controllers: [SessionsController, TurnsController, MessagesController, SessionFilesController],
  providers: [Sessions, SessionSteering, SessionGit, Messages, SessionFiles, SessionEdits],
})
export class SessionsModule {}
