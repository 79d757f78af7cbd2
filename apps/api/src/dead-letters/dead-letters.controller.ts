import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConflictResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { bodyExamples } from '../docs/body-examples.js';
import { RemudaError } from '@remuda/domain';
import type { DeadLetters, Principal } from '@remuda/domain';
import type { DeadLetterInFullView, DeadLetterPageView, JobView, RedriveOutcomesView } from '@remuda/protocol';
import { JobEvents } from '../events/job-events.js';
import { Caller, Tenant } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { invalid, readQuery, requireDto, requireBody } from '../input/read-dto.js';
import { JobDto } from '../jobs/job-view.dto.js';
import { viewJob } from '../jobs/job-view.js';
import { problemResponse } from '../problems/problem.dto.js';
import { deadLetters } from '../stores.js';
import { DeadLetterInFullDto, DeadLetterPageDto, RedriveOutcomesDto } from './dead-letter-view.dto.js';
import { viewAttempt, viewDeadLetter, viewRedriven } from './dead-letter-view.js';
import { ListDeadLettersDto, RedriveDto, mostRedriven, toFilter } from './dead-letters.dto.js';
import { Redrives } from './redrives.js';

/** Failed jobs that need a person: listing and redriving. */
@ApiTags('dead letters')
@Controller('api/v1/dead-letters')
export class DeadLettersController {
  constructor(
    @Inject(deadLetters) private readonly letters: DeadLetters,
    private readonly events: JobEvents,
    private readonly redrives: Redrives,
  ) {}

  @Get()
  @Needs('admin')
  @ApiOperation({
    operationId: 'listDeadLetters',
    summary: 'Failed jobs that need a person, most recent failure first',
    description: 'Filtered by profile, code or class, one page at a time.',
  })
  @ApiQuery({ type: ListDeadLettersDto })
  @ApiOkResponse({ type: DeadLetterPageDto })
  async list(@Query() query: unknown, @Tenant() tenant: string): Promise<DeadLetterPageView> {
    const { cursor, limit, ...filter } = readQuery(ListDeadLettersDto, query);
    const from = cursor === undefined ? {} : { cursor };
    const { jobs, nextCursor } = await this.letters.list({ ...toFilter(filter), ...from, limit, tenant });
    const page = { deadLetters: jobs.map(viewDeadLetter) };
    return nextCursor === undefined ? page : { ...page, nextCursor };
  }

  @Get(':id')
  @Needs('admin')
  @ApiOperation({
    operationId: 'getDeadLetter',
    summary: 'A failed job, with the class, code and last lines of every attempt',
    description: 'What to know before redriving the job.',
  })
  @ApiOkResponse({ type: DeadLetterInFullDto })
  async one(@Param('id') id: string, @Tenant() tenant: string): Promise<DeadLetterInFullView> {
    const job = await this.events.job({ tenant, id });
    if (job.state !== 'failed')
      throw new RemudaError('job.not_redrivable', `The job is not a dead letter: it is ${job.state}.`);
    return { ...viewDeadLetter(job), history: (await this.letters.attempts(job)).map(viewAttempt) };
  }

  @Post('redrive')
  @Needs('admin', { steers: true })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'redriveJobs',
    summary: 'Redrive up to 500 failed jobs: by id, or all that match a filter',
    description: 'Each job has its own outcome. `more` says whether further jobs match the filter.',
  })
  @ApiBody({ type: RedriveDto, examples: bodyExamples.redriveJobs })
  @ApiOkResponse({ type: RedriveOutcomesDto })
  async many(@Body() body: unknown, @Caller() caller: Principal): Promise<RedriveOutcomesView> {
    const { ids, filter, limit = mostRedriven } = requireDto(RedriveDto, requireBody(body));
    if ((ids === undefined) === (filter === undefined))
      throw invalid([{ path: 'ids', message: 'cannot be combined with filter, and one of the two is required' }]);
    const { tenant } = caller;
    const page = ids === undefined ? await this.letters.list({ ...toFilter(filter ?? {}), limit, tenant }) : undefined;
    const outcomes = await this.redrives.all(ids ?? page?.jobs.map(({ id }) => id) ?? [], caller);
    return {
      outcomes: outcomes.map(({ id, outcome }) => viewRedriven(id, outcome)),
      more: page?.nextCursor !== undefined,
    };
  }

  @Post(':id/redrive')
  @Needs('admin', { steers: true })
  @HttpCode(202)
  @ApiOperation({
    operationId: 'redriveJob',
    summary: 'Redrive a failed job: same id, a new attempt, a fresh allowance',
    description:
      'Its event stream continues after its previous end. A job that only the database still has is submitted once more, as another job with what it was submitted with: the answer has its id. A repeated request answers with the same one for 24 h.',
  })
  @ApiAcceptedResponse({ type: JobDto })
  @ApiConflictResponse(
    problemResponse(
      'job.not_redrivable: it has not failed, or its prompt, its events or the values of its secrets are no longer kept.',
    ),
  )
  async redrive(@Param('id') id: string, @Caller() caller: Principal): Promise<JobView> {
    const { tenant } = caller;
    const job = await this.events.job({ tenant, id });
    const redriven = await this.redrives.one(id, caller);
    if (redriven.kind === 'refused') throw new RemudaError('job.not_redrivable', redriven.reason);
    return viewJob(await this.events.job(redriven.kind === 'submitted' ? { tenant, id: redriven.as } : job));
  }
}
