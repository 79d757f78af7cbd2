import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
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
import { RemudaError, isOver } from '@remuda/domain';
import type { JobStore, JobRecord } from '@remuda/domain';
import type { JobPageView, JobResultView, JobView } from '@remuda/protocol';
import type { FastifyReply } from 'fastify';
import { JobEvents } from '../events/job-events.js';
import { Tenant } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { readQuery, requireDto, requireBody } from '../input/read-dto.js';
import { problemResponse } from '../problems/problem.dto.js';
import { jobStore } from '../stores.js';
import { CancelJobDto } from './cancel-job.dto.js';
import { JobDto, JobPageDto } from './job-view.dto.js';
import { viewJob, viewResult } from './job-view.js';
import { ListJobsDto, toJobQuery } from './list-jobs.dto.js';
import { JobResultDto } from './result-view.dto.js';

/** Accepted jobs: their state, results and cancelling. */
@ApiTags('jobs')
@Controller('api/v1/jobs')
export class JobsController {
  constructor(
    @Inject(jobStore) private readonly store: JobStore,
    private readonly events: JobEvents,
  ) {}

  @Get()
  @Needs('jobs:read')
  @ApiOperation({
    operationId: 'listJobs',
    summary: 'Jobs, newest first',
    description: 'Filtered by state, profile, label or words, one page at a time. Words find jobs that are over.',
  })
  @ApiQuery({ type: ListJobsDto })
  @ApiOkResponse({ type: JobPageDto })
  async list(@Query() query: unknown, @Tenant() tenant: string): Promise<JobPageView> {
    const asked = toJobQuery(readQuery(ListJobsDto, query));
    const { jobs, ...rest } = await this.store.list({ ...asked, tenant });
    return { jobs: jobs.map((job) => viewJob(job)), ...rest };
  }

  @Get(':id')
  @Needs('jobs:read')
  @ApiOperation({
    operationId: 'getJob',
    summary: 'One job',
    description:
      'Its state, its submitted fields, and its position in the queue while it waits. The prompt is not included.',
  })
  @ApiOkResponse({ type: JobDto })
  async one(@Param('id') id: string, @Tenant() tenant: string): Promise<JobView> {
    return this.view(await this.events.job({ tenant, id }));
  }

  @Post(':id/cancel')
  @Needs('jobs:write', { steers: true })
  @ApiOperation({
    operationId: 'cancelJob',
    summary: 'Cancel a job',
    description:
      'A waiting job is over at once; a running one is ended by its worker, and `job.over` follows when it has stopped.',
  })
  @ApiBody({ type: CancelJobDto, required: false, examples: bodyExamples.cancelJob })
  @ApiOkResponse({ type: JobDto, description: 'It had not started, and is cancelled.' })
  @ApiAcceptedResponse({ type: JobDto, description: 'Its worker was told to end it.' })
  @ApiConflictResponse(problemResponse('job.cannot_cancel: it was already over.'))
  async cancel(
    @Param('id') id: string,
    @Body() body: unknown,
    @Tenant() tenant: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobView> {
    const { reason } = requireDto(CancelJobDto, requireBody(body ?? {}));
    const job = await this.events.job({ tenant, id });
    const answer = await this.store.cancel(job, reason ?? 'Cancelled by the client.');
    if (answer.kind === 'over')
      throw new RemudaError('job.cannot_cancel', `The job is already over: its state is ${answer.state}.`);
    reply.status(answer.kind === 'requested' ? 202 : 200);
    return this.view(await this.events.job(job));
  }

  @Get(':id/result')
  @Needs('jobs:read')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'getResult',
    summary: 'The result of a job',
    description:
      'Text, structured result, tokens and cost, and the changes in its repository. Kept for a while after the end.',
  })
  @ApiOkResponse({ type: JobResultDto })
  @ApiConflictResponse(problemResponse('job.not_over: try again after Retry-After seconds.'))
  async result(@Param('id') id: string, @Tenant() tenant: string): Promise<JobResultView> {
    const job = await this.events.job({ tenant, id });
    if (!isOver(job.state)) throw new RemudaError('job.not_over', `The job is ${job.state}.`, { retryAfterMs: 1_000 });
    return viewResult(job, await this.store.result(job));
  }

  private async view(job: JobRecord): Promise<JobView> {
    return viewJob(job, await this.store.outlook(job));
  }
}
