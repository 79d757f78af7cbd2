import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { jobStates, pullRequestFailures, pushFailures } from '@remuda/domain';
import type { JobState, PullRequestFailure, PullRequestOutcome, PushFailure, PushOutcome } from '@remuda/domain';
import type { JobResultView, JobWithResultView } from '@remuda/protocol';
import { EndedDto, FailureDto, JobDto, UsageDto } from './job-view.dto.js';

/** A commit that a job made. */
@ApiSchema({ name: 'Commit' })
export class CommitDto {
  @ApiProperty() id!: string;
  @ApiProperty() subject!: string;
}

/** A job's changes to its repository, without the patch. */
@ApiSchema({ name: 'GitSummary' })
export class GitSummaryDto {
  @ApiProperty() branch!: string;
  @ApiProperty() base!: string;
  @ApiProperty() head!: string;
  @ApiProperty({ type: [CommitDto] }) commits!: readonly CommitDto[];
  @ApiProperty() filesChanged!: number;
  @ApiProperty() insertions!: number;
  @ApiProperty() deletions!: number;
}

/** What came of the pull request of a push. */
@ApiSchema({ name: 'PullRequestOutcome' })
export class PullRequestOutcomeDto implements PullRequestOutcome {
  @ApiProperty({ enum: ['opened', 'updated', 'failed'] }) state!: PullRequestOutcome['state'];
  @ApiPropertyOptional({ description: 'Its page.' }) url?: string;
  @ApiPropertyOptional() number?: number;
  @ApiPropertyOptional({ enum: pullRequestFailures, description: 'Why none was opened.' }) reason?: PullRequestFailure;
  @ApiPropertyOptional() message?: string;
}

/** What came of pushing a job's commits. */
@ApiSchema({ name: 'PushOutcome' })
export class PushOutcomeDto implements PushOutcome {
  @ApiProperty({ enum: ['pushed', 'nothing', 'failed'] }) state!: PushOutcome['state'];
  @ApiProperty() branch!: string;
  @ApiPropertyOptional({ description: 'The commit to which the branch points now.' }) commit?: string;
  @ApiPropertyOptional({ description: "Commits that it has in addition to the job's base." }) commits?: number;
  @ApiPropertyOptional({ description: 'A page that shows the branch, or the repository.' }) url?: string;
  @ApiPropertyOptional({
    enum: ['committed', 'left'],
    description: 'What the job had not committed became the last commit, or is not in the branch.',
  })
  uncommitted?: 'committed' | 'left';
  @ApiPropertyOptional({ enum: pushFailures, description: 'Why nothing was pushed.' }) reason?: PushFailure;
  @ApiPropertyOptional() message?: string;
  @ApiPropertyOptional({ type: () => PullRequestOutcomeDto, description: 'If the job wants one.' })
  pullRequest?: PullRequestOutcomeDto;
}

/** A job's changes to its repository. */
@ApiSchema({ name: 'GitOutcome' })
export class GitOutcomeDto extends GitSummaryDto {
  @ApiPropertyOptional({ description: '`git diff --binary` from `base`; absent when over the size limit.' })
  patch?: string;
  @ApiPropertyOptional({ type: () => PushOutcomeDto, description: 'Of a job with `git.push` that has succeeded.' })
  push?: PushOutcomeDto;
}

/** The result of a job. */
@ApiSchema({ name: 'Result' })
export class ResultDto {
  @ApiProperty() text!: string;
  @ApiPropertyOptional({ description: 'Valid against the job’s `outputSchema`.' }) structured?: unknown;
  @ApiProperty() turns!: number;
  @ApiProperty({ type: () => UsageDto }) usage!: UsageDto;
  @ApiProperty({ description: 'US dollars, at list prices, over all attempts.' }) costUsd!: number;
  @ApiPropertyOptional() sessionId?: string;
  @ApiPropertyOptional({ type: () => GitOutcomeDto }) git?: GitOutcomeDto;
  @ApiPropertyOptional({ type: [String] }) warnings?: readonly string[];
  @ApiPropertyOptional({ type: () => EndedDto }) ended?: EndedDto;
}

/** The result of a job that is over. For a failed or cancelled one, as much as there is, with the reason. */
@ApiSchema({ name: 'JobResult' })
export class JobResultDto implements JobResultView {
  @ApiProperty() id!: string;
  @ApiProperty({ enum: jobStates }) state!: JobState;
  @ApiPropertyOptional({ type: () => FailureDto }) failure?: FailureDto;
  @ApiPropertyOptional() text?: string;
  @ApiPropertyOptional({ description: 'Valid against the job’s `outputSchema`.' }) structured?: unknown;
  @ApiPropertyOptional() turns?: number;
  @ApiPropertyOptional({ type: () => UsageDto }) usage?: UsageDto;
  @ApiPropertyOptional({ description: 'US dollars, at list prices, over all attempts.' }) costUsd?: number;
  @ApiPropertyOptional() sessionId?: string;
  @ApiPropertyOptional({ type: () => GitOutcomeDto }) git?: GitOutcomeDto;
  @ApiPropertyOptional({ type: [String] }) warnings?: readonly string[];
  @ApiPropertyOptional({ type: () => EndedDto }) ended?: EndedDto;
}

/** A job that ended while its client waited, with its result. */
@ApiSchema({ name: 'JobWithResult' })
export class JobWithResultDto extends JobDto implements JobWithResultView {
  @ApiPropertyOptional({ type: () => ResultDto }) result?: ResultDto;
}
