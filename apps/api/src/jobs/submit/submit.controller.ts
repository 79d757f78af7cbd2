import type { IncomingHttpHeaders } from 'node:http';
import { Body, Controller, Headers, HttpCode, Inject, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { bodyExamples } from '../../docs/body-examples.js';
import type { Principal } from '@remuda/domain';
import { jobsPath } from '@remuda/protocol';
import type { AcceptedBatchView, AcceptedJobView, JobWithResultView } from '@remuda/protocol';
import type { FastifyReply } from 'fastify';
import { Caller } from '../../identity/caller.js';
import { Needs } from '../../identity/needs.js';
import { requireBody } from '../../input/read-dto.js';
import { apiConfig } from '../../stores.js';
import type { ApiConfig } from '../../stores.js';
import { AcceptedBatchDto, AcceptedJobDto } from '../job-view.dto.js';
import { Answers } from './answers.js';
import { JobWithResultDto } from '../result-view.dto.js';
import { SubmitBatchDto } from './submit-batch.dto.js';
import { SubmitJobDto } from './submit-job.dto.js';
import { Submission } from './submission.js';

export const idempotencyHeader = {
  name: 'Idempotency-Key',
  required: false,
  description: 'For 24 h, the same key and body return the same job; another body is idempotency.conflict.',
} as const;
export const waitHeader = {
  name: 'Prefer',
  required: false,
  description: '`wait=N`: answer when the job is over, after N seconds at most.',
} as const;

/** Takes jobs in. */
@ApiTags('jobs')
@Controller('api/v1/jobs')
export class SubmitController {
  constructor(
    private readonly submission: Submission,
    private readonly answers: Answers,
    @Inject(apiConfig) private readonly config: ApiConfig,
  ) {}

  @Post()
  @Needs('jobs:write')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'submitJob',
    summary: 'Submit a job',
    description:
      'The job is stored before the answer is sent. With `Prefer: wait=N` the answer is sent when the job is over, with its result.',
  })
  @ApiHeader(idempotencyHeader)
  @ApiHeader(waitHeader)
  @ApiBody({ type: SubmitJobDto, examples: bodyExamples.submitJob })
  @ApiAcceptedResponse({ type: AcceptedJobDto, headers: { Location: { schema: { type: 'string' } } } })
  @ApiOkResponse({ type: JobWithResultDto, description: 'It was over within the time given in Prefer.' })
  async one(
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
    @Headers('prefer') prefer: string | undefined,
    @Headers() headers: IncomingHttpHeaders,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AcceptedJobView | JobWithResultView> {
    const { tenant, scopes } = caller;
    const { ids, repeated } = await this.submission.one(requireBody(body), { tenant, key, scopes });
    const job = { tenant, id: ids[0] ?? '' };
    const basePath = this.config.basePathOf(headers);
    reply.header('location', `${basePath}${jobsPath}/${job.id}`);
    if (repeated) reply.header('idempotent-replayed', 'true');
    return this.answers.inTime(job, { basePath, repeated, prefer, caller, reply });
  }

  @Post('batch')
  @Needs('jobs:write')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'submitBatch',
    summary: 'Submit up to 500 jobs: all are accepted, or none',
    description:
      'The ids are in the order of the request. A fault in one job refuses the whole batch; all faults are reported.',
  })
  @ApiHeader(idempotencyHeader)
  @ApiBody({ type: SubmitBatchDto, examples: bodyExamples.submitBatch })
  @ApiAcceptedResponse({ type: AcceptedBatchDto })
  async batch(
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
    @Headers() headers: IncomingHttpHeaders,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AcceptedBatchView> {
    const { tenant, scopes } = caller;
    const { ids, repeated } = await this.submission.batch(requireBody(body), { tenant, key, scopes });
    if (repeated) reply.header('idempotent-replayed', 'true');
    const basePath = this.config.basePathOf(headers);
    return { jobs: await Promise.all(ids.map((id) => this.answers.accepted({ tenant, id }, basePath, repeated))) };
  }
}
