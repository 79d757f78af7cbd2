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
const kind = { enum: failureClasses, description: 'Whose fault it was.' };

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
  @ApiProperty({ description: 'HTTP status that fits, for whoever passes the failure on.' }) status!: number;
  @ApiProperty({ type: () => FailureDto }) failure!: FailureDto;
  @ApiPropertyOptional({ description: 'What it said last, of one whose worker could not report any more.' })
  lastText?: string;
  @ApiPropertyOptional({ type: () => EndedDto, description: 'The proof, of one whose container had to be removed.' })
  ended?: EndedDto;
  @ApiPropertyOptional({ type: () => UsageDto, description: 'Tokens that it used, those of subagents included.' })
  usage?: UsageDto;
  @ApiPropertyOptional({ description: 'US dollars, by list prices.' }) costUsd?: number;
}

/** The attempts of a job that ended without success, the oldest first. */
@ApiSchema({ name: 'EndedAttempts' })
export class AttemptsDto implements AttemptsView {
  @ApiProperty({ type: [EndedAttemptDto] }) attempts!: EndedAttemptDto[];
}

/** A failed job that waits for a person. */
@ApiSchema({ name: 'DeadLetter' })
export class DeadLetterDto extends JobDto implements DeadLetterView {
  @ApiProperty(kind) class!: FailureClass;
}

/** A failed job that waits for a person, with all that is known of why. */
@ApiSchema({ name: 'DeadLetterInFull' })
export class DeadLetterInFullDto extends DeadLetterDto implements DeadLetterInFullView {
  @ApiProperty({ type: [EndedAttemptDto] }) history!: EndedAttemptDto[];
}

/** A page of dead letters, those that failed last first. */
@ApiSchema({ name: 'DeadLetterPage' })
export class DeadLetterPageDto implements DeadLetterPageView {
  @ApiProperty({ type: [DeadLetterDto] }) deadLetters!: DeadLetterDto[];
  @ApiPropertyOptional({ description: 'Give it as `cursor` for the next page; absent on the last one.' })
  nextCursor?: string;
}

/** What a redrive came to, for one job. */
@ApiSchema({ name: 'RedriveOutcome' })
export class RedriveOutcomeDto implements RedriveOutcomeView {
  @ApiProperty() id!: string;
  @ApiProperty() redriven!: boolean;
  @ApiPropertyOptional({ enum: ['job.unknown', 'job.not_redrivable'], description: 'Why it was not.' })
  code?: 'job.unknown' | 'job.not_redrivable';
  @ApiPropertyOptional() detail?: string;
}

/** What a redrive of many came to, in the order of the request. */
@ApiSchema({ name: 'RedriveOutcomes' })
export class RedriveOutcomesDto implements RedriveOutcomesView {
  @ApiProperty({ type: [RedriveOutcomeDto] }) outcomes!: RedriveOutcomeDto[];
  @ApiProperty({ description: 'Whether more dead letters fit the filter: ask again.' }) more!: boolean;
}
