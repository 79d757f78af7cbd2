import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { failureClasses } from '@remuda/domain';
import type { FailureClass } from '@remuda/domain';
import type {
  AttemptsView,
  DeadLetterInFullView,
  DeadLetterPageView,
  DeadLetterView,
  EndedAttemptView,
  RedriveOutcomeView,
  RedriveOutcomesView,
} from '@remuda/protocol';
import { EndedDto, FailureDto, JobDto, StartDto, UsageDto } from '../jobs/job-view.dto.js';

const time = { type: 'string', format: 'date-time' } as const;
const kind = { enum: failureClasses, description: 'Who or what caused the failure.' };

/** An attempt that ended without success. */
@ApiSchema({ name: 'EndedAttempt' })
export class EndedAttemptDto implements EndedAttemptView {
  @ApiProperty() attempt!: number;
  @ApiProperty() worker!: string;
  @ApiProperty(time) claimedAt!: string;
  @ApiPropertyOptional(time) startedAt?: string;
  @ApiProperty(time) endedAt!: string;
  @ApiPropertyOptional({ type: () => StartDto }) start?: StartDto;
  @ApiProperty(kind) class!: FailureClass;
  @ApiProperty({ description: 'HTTP status to use when passing the failure on.' }) status!: number;
  @ApiProperty({ type: () => FailureDto }) failure!: FailureDto;
  @ApiPropertyOptional({ description: 'The last text of an attempt whose worker could no longer report.' })
  lastText?: string;
  @ApiPropertyOptional({
    type: () => EndedDto,
    description: 'Evidence that the container ended, if it had to be removed.',
  })
  ended?: EndedDto;
  @ApiPropertyOptional({ type: () => UsageDto, description: 'Tokens used, including those of subagents.' })
  usage?: UsageDto;
  @ApiPropertyOptional({ description: 'US dollars, at list prices.' }) costUsd?: number;
}

/** The attempts of a job that ended without success, oldest first. */
@ApiSchema({ name: 'EndedAttempts' })
export class AttemptsDto implements AttemptsView {
  @ApiProperty({ type: [EndedAttemptDto] }) attempts!: EndedAttemptDto[];
}

/** A failed job that needs a person. */
@ApiSchema({ name: 'DeadLetter' })
export class DeadLetterDto extends JobDto implements DeadLetterView {
  @ApiProperty(kind) class!: FailureClass;
}

/** A failed job that needs a person, with everything known about the cause. */
@ApiSchema({ name: 'DeadLetterInFull' })
export class DeadLetterInFullDto extends DeadLetterDto implements DeadLetterInFullView {
  @ApiProperty({ type: [EndedAttemptDto] }) history!: EndedAttemptDto[];
}

/** A page of dead letters, most recent failure first. */
@ApiSchema({ name: 'DeadLetterPage' })
export class DeadLetterPageDto implements DeadLetterPageView {
  @ApiProperty({ type: [DeadLetterDto] }) deadLetters!: DeadLetterDto[];
  @ApiPropertyOptional({ description: 'Pass it as `cursor` to get the next page; absent on the last page.' })
  nextCursor?: string;
}

/** Outcome of a redrive, for one job. */
@ApiSchema({ name: 'RedriveOutcome' })
export class RedriveOutcomeDto implements RedriveOutcomeView {
  @ApiProperty() id!: string;
  @ApiProperty() redriven!: boolean;
  @ApiPropertyOptional({
    description: 'Only the database had the job: id of the job as which it was submitted once more.',
  })
  as?: string;
  @ApiPropertyOptional({ enum: ['job.unknown', 'job.not_redrivable'], description: 'Why the job was not redriven.' })
  code?: 'job.unknown' | 'job.not_redrivable';
  @ApiPropertyOptional() detail?: string;
}

/** Outcomes of a bulk redrive, in the order of the request. */
@ApiSchema({ name: 'RedriveOutcomes' })
export class RedriveOutcomesDto implements RedriveOutcomesView {
  @ApiProperty({ type: [RedriveOutcomeDto] }) outcomes!: RedriveOutcomeDto[];
  @ApiProperty({ description: 'Whether more dead letters match the filter; if so, repeat the request.' })
  more!: boolean;
}
