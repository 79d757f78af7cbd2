import { ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import {
  endingRungs,
  failureCodes,
  jobStates,
  onLoopChoices,
  onLostWords,
  permissionModes,
  startReasons,
} from '@remuda/domain';
import type {
  EndingRung,
  FailureCode,
  JobRecord,
  JobSpec,
  JobState,
  OnLoop,
  OnLost,
  Start,
  StartReason,
  Workspace,
} from '@remuda/domain';
import type { AcceptedBatchView, AcceptedJobView, JobPageView, JobView } from '@remuda/protocol';
import { EmptyWorkspaceDto, GitWishesDto, GitWorkspaceDto, ToolsDto, WebhookDto } from './submit/submit-job.dto.js';

const time = { type: 'string', format: 'date-time' } as const;
const open = { type: 'object', additionalProperties: true } as const;

/** Why a job ended without success. */
@ApiSchema({ name: 'Failure' })
export class FailureDto {
  @ApiProperty({ enum: failureCodes }) code!: FailureCode;
  @ApiProperty() message!: string;
  @ApiPropertyOptional({ type: [String] }) lastLines?: readonly string[];
  @ApiPropertyOptional({ description: 'Epoch ms at which the usage limit is lifted.' }) resetAt?: number;
}

/** Tokens as the model API counts them. */
@ApiSchema({ name: 'Usage' })
export class UsageDto {
  @ApiProperty() inputTokens!: number;
  @ApiProperty() outputTokens!: number;
  @ApiProperty() cacheReadTokens!: number;
  @ApiProperty() cacheWriteTokens!: number;
}

/** How an attempt was ended early, and the proof that none of its processes is left. */
@ApiSchema({ name: 'Ended' })
export class EndedDto {
  @ApiProperty({ enum: endingRungs, description: 'The last rung that was needed.' }) by!: EndingRung;
  @ApiProperty({ description: 'Processes of the job that were found afterwards.' }) processesLeft!: number;
  @ApiProperty({ description: 'From the request to end it to that check.' }) ms!: number;
}

/** How the worker of the latest attempt was prepared. */
@ApiSchema({ name: 'Start' })
export class StartDto {
  @ApiProperty({ enum: ['warm', 'cold', 'resumed'] }) kind!: Start['kind'];
  @ApiPropertyOptional({ enum: startReasons }) reason?: StartReason;
}

/** Points in time, ISO 8601. */
@ApiSchema({ name: 'JobTimes' })
export class JobTimesDto {
  @ApiProperty(time) queuedAt!: string;
  @ApiPropertyOptional({ ...time, description: 'When it was last redriven.' }) redrivenAt?: string;
  @ApiPropertyOptional({ ...time, description: 'When it was last requeued.' }) requeuedAt?: string;
  @ApiPropertyOptional(time) claimedAt?: string;
  @ApiPropertyOptional(time) startedAt?: string;
  @ApiPropertyOptional(time) firstRequestAt?: string;
  @ApiPropertyOptional(time) firstTokenAt?: string;
  @ApiPropertyOptional(time) overAt?: string;
}

/** The state of a job and its submitted fields, except the prompt. */
@ApiSchema({ name: 'Job' })
export class JobDto implements JobView {
  @ApiProperty() id!: string;
  @ApiPropertyOptional({ description: 'The session of which it is a turn.' }) session?: string;
  @ApiPropertyOptional({ description: 'Number of that turn, from 1; absent while it waits for its turn.' })
  turn?: number;
  @ApiProperty({ enum: jobStates }) state!: JobState;
  @ApiProperty({ description: 'The current or last attempt; 0 before the first.' }) attempt!: number;
  @ApiProperty({ description: 'Attempts that ended with a counted failure.' }) failures!: number;
  @ApiProperty({ description: 'Times it was requeued without counting an attempt.' }) requeues!: number;
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Number of retries after each code.',
  })
  retried?: NonNullable<JobRecord['retried']>;
  @ApiPropertyOptional() worker?: string;
  @ApiPropertyOptional({ type: () => StartDto }) start?: StartDto;
  @ApiPropertyOptional({
    description: "Position among its tenant's jobs of the profile from 1, while it waits in the queue.",
  })
  queuePosition?: number;
  @ApiPropertyOptional({
    ...time,
    description:
      'When it probably starts, by the jobs before it and the median of how long the latest jobs took. Absent where too little is known; no promise.',
  })
  estimatedStartAt?: string;
  @ApiPropertyOptional({
    enum: [true],
    type: 'boolean',
    description: 'Its tenant is at a limit: no job of the tenant starts before one has ended, or dollars count anew.',
  })
  limited?: true;
  @ApiPropertyOptional(time) wakeAt?: string;
  @ApiPropertyOptional(time) cancelRequestedAt?: string;
  @ApiProperty({ type: () => JobTimesDto }) times!: JobTimesDto;
  @ApiPropertyOptional({ type: () => FailureDto }) failure?: FailureDto;
  @ApiPropertyOptional() turns?: number;
  @ApiPropertyOptional({ type: () => UsageDto }) usage?: UsageDto;
  @ApiPropertyOptional({ description: 'US dollars, at list prices, over all attempts.' }) costUsd?: number;
  @ApiPropertyOptional({ type: () => EndedDto }) ended?: EndedDto;

  @ApiProperty() profile!: string;
  @ApiPropertyOptional() model?: string;
  @ApiPropertyOptional() appendSystemPrompt?: string;
  @ApiPropertyOptional() maxTurns?: number;
  @ApiPropertyOptional() maxBudgetUsd?: number;
  @ApiPropertyOptional({ type: () => ToolsDto }) tools?: NonNullable<JobSpec['tools']>;
  @ApiPropertyOptional({ enum: permissionModes }) permissionMode?: NonNullable<JobSpec['permissionMode']>;
  @ApiPropertyOptional(open) outputSchema?: NonNullable<JobSpec['outputSchema']>;
  @ApiProperty({ oneOf: [{ $ref: getSchemaPath(EmptyWorkspaceDto) }, { $ref: getSchemaPath(GitWorkspaceDto) }] })
  workspace!: Workspace;
  @ApiProperty() priority!: number;
  @ApiPropertyOptional(time) runAt?: string;
  @ApiPropertyOptional() ttlMs?: number;
  @ApiProperty() timeoutMs!: number;
  @ApiPropertyOptional() idleTimeoutMs?: number;
  @ApiPropertyOptional({ enum: onLoopChoices }) onLoop?: OnLoop;
  @ApiPropertyOptional() loopAfter?: number;
  @ApiProperty() attempts!: number;
  @ApiPropertyOptional({ enum: ['fail', 'wait'] }) onLimit?: 'fail' | 'wait';
  @ApiPropertyOptional({ enum: onLostWords }) onLost?: OnLost;
  @ApiProperty() deltas!: boolean;
  @ApiPropertyOptional({ type: [String], description: 'Names of its secrets.' }) secrets?: NonNullable<
    JobSpec['secrets']
  >;
  @ApiPropertyOptional({ type: [String], description: 'Hosts that its tools may reach.' }) egress?: NonNullable<
    JobSpec['egress']
  >;
  @ApiPropertyOptional({ type: [String], description: 'Files that are kept after it.' }) artifacts?: NonNullable<
    JobSpec['artifacts']
  >;
  @ApiPropertyOptional({ type: () => WebhookDto }) webhook?: WebhookDto;
  @ApiPropertyOptional({ type: () => GitWishesDto }) git?: GitWishesDto;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } }) labels!: JobSpec['labels'];
  @ApiProperty(open) metadata!: JobSpec['metadata'];
}

/** A page of jobs, newest first. */
@ApiSchema({ name: 'JobPage' })
export class JobPageDto implements JobPageView {
  @ApiProperty({ type: [JobDto] }) jobs!: JobDto[];
  @ApiPropertyOptional({ description: 'Pass it as `cursor` to get the next page; absent on the last page.' })
  nextCursor?: string;
  @ApiPropertyOptional({
    enum: [true],
    type: 'boolean',
    description: 'The database could not be asked: jobs that have left Redis are missing.',
  })
  incomplete?: true;
}

/** An accepted job. */
@ApiSchema({ name: 'AcceptedJob' })
export class AcceptedJobDto implements AcceptedJobView {
  @ApiProperty() id!: string;
  @ApiProperty({ enum: jobStates }) state!: JobState;
  @ApiProperty({ example: '/api/v1/jobs/j-…' }) url!: string;
  @ApiProperty({ example: '/api/v1/jobs/j-…/events' }) events!: string;
}

/** Jobs that were accepted together, in the order of the request. */
@ApiSchema({ name: 'AcceptedBatch' })
export class AcceptedBatchDto implements AcceptedBatchView {
  @ApiProperty({ type: [AcceptedJobDto] }) jobs!: AcceptedJobDto[];
}
