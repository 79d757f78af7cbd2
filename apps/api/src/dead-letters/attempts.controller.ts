import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { DeadLetters } from '@remuda/domain';
import type { AttemptsView } from '@remuda/protocol';
import { JobEvents } from '../events/job-events.js';
import { Tenant } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { deadLetters } from '../stores.js';
import { AttemptsDto } from './dead-letter-view.dto.js';
import { viewAttempt } from './dead-letter-view.js';

/** The attempts of a job that ended without success. */
@ApiTags('jobs')
@Controller('api/v1/jobs/:id/attempts')
export class AttemptsController {
  constructor(
    @Inject(deadLetters) private readonly letters: DeadLetters,
    private readonly events: JobEvents,
  ) {}

  @Get()
  @Needs('jobs:read')
  @ApiOperation({
    operationId: 'listAttempts',
    summary: 'The attempts of a job that ended without success, oldest first',
    description: 'With the worker, the failure and its class, and the last output of a lost worker.',
  })
  @ApiOkResponse({ type: AttemptsDto })
  async list(@Param('id') id: string, @Tenant() tenant: string): Promise<AttemptsView> {
    const job = await this.events.job({ tenant, id });
    return { attempts: (await this.letters.attempts(job)).map(viewAttempt) };
  }
}
