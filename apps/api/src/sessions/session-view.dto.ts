import { ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { concurrentChoices, permissionModes, sessionStates } from '@remuda/domain';
import type { Concurrent, ForkPoint, LackingTurn, SessionSettings, SessionState, Workspace } from '@remuda/domain';
import type { AcceptedTurnView, SessionGitView, SessionPageView, SessionView, SteerView } from '@remuda/protocol';
import { AcceptedJobDto } from '../jobs/job-view.dto.js';
import { GitSummaryDto } from '../jobs/result-view.dto.js';
import { EmptyWorkspaceDto, GitWorkspaceDto, ToolsDto } from '../jobs/submit/submit-job.dto.js';

const time = { type: 'string', format: 'date-time' } as const;

/** Where a session was forked from. */
@ApiSchema({ name: 'ForkPoint' })
export class ForkPointDto implements ForkPoint {
  @ApiProperty({ description: 'The session.' }) session!: string;
  @ApiProperty({ description: 'The last turn that both have.' }) turn!: number;
}

/** A turn that has succeeded, and of which nothing could be kept. */
@ApiSchema({ name: 'LackingTurn' })
export class LackingTurnDto implements LackingTurn {
  @ApiProperty() turn!: number;
  @ApiProperty({ description: 'The job that this turn is.' }) job!: string;
  @ApiProperty({ description: 'Why, as a sentence.' }) reason!: string;
}

/** What a session has changed in its repository since its beginning. */
@ApiSchema({ name: 'SessionGit' })
export class SessionGitDto extends GitSummaryDto implements SessionGitView {
  @ApiProperty({ description: 'The turn after which it was so: the latest that is over and did not fail.' })
  turn!: number;
  @ApiProperty({ description: 'The job that this turn is; its result has the patch.' }) job!: string;
}

/** A session, with what its turns have in common. */
@ApiSchema({ name: 'Session' })
export class SessionDto implements SessionView {
  @ApiProperty({ example: 's-…' }) id!: string;
  @ApiProperty({ enum: sessionStates }) state!: SessionState;
  @ApiProperty({ enum: concurrentChoices }) concurrent!: Concurrent;
  @ApiProperty({ description: 'Of how many of its latest turns the files are kept.' }) keepTurns!: number;
  @ApiPropertyOptional({ type: () => ForkPointDto, description: 'Of a fork: where it comes from.' })
  forkedFrom?: ForkPointDto;
  @ApiProperty(time) createdAt!: string;
  @ApiProperty({ ...time, description: 'When its state last changed, or a turn began.' }) changedAt!: string;
  @ApiPropertyOptional({ description: 'The job that is its turn now.' }) turn?: string;
  @ApiPropertyOptional({ description: 'The job of its last turn, while the snapshot of that is being taken.' })
  saving?: string;
  @ApiPropertyOptional({
    type: () => [LackingTurnDto],
    description: 'Turns since its latest snapshot of which nothing could be kept: the next turn is told of them.',
  })
  lacks?: readonly LackingTurnDto[];
  @ApiPropertyOptional({ description: 'The worker that waits for its next turn.' }) worker?: string;
  @ApiProperty({ description: 'How long a worker waits for the next turn, in ms.' }) idleMs!: number;
  @ApiProperty({ type: [String], description: 'Jobs that wait for their turn, the next one first.' })
  waiting!: readonly string[];
  @ApiProperty({ description: 'Turns that have begun so far.' }) turns!: number;
  @ApiPropertyOptional({ ...time, description: 'When the snapshot was taken from which it goes on.' })
  snapshotAt?: string;

  @ApiPropertyOptional({
    type: () => SessionGitDto,
    description: 'What all turns together have changed in its repository. Not in lists.',
  })
  git?: SessionGitDto;

  @ApiPropertyOptional({ description: 'US dollars for all its turns together.' }) maxBudgetUsd?: number;
  @ApiProperty({ description: 'What its turns that are over have cost, in US dollars.' }) costUsd!: number;

  @ApiProperty() profile!: string;
  @ApiPropertyOptional() model?: string;
  @ApiPropertyOptional() appendSystemPrompt?: string;
  @ApiPropertyOptional({ type: () => ToolsDto }) tools?: NonNullable<SessionSettings['tools']>;
  @ApiPropertyOptional({ enum: permissionModes }) permissionMode?: NonNullable<SessionSettings['permissionMode']>;
  @ApiProperty({ oneOf: [{ $ref: getSchemaPath(EmptyWorkspaceDto) }, { $ref: getSchemaPath(GitWorkspaceDto) }] })
  workspace!: Workspace;
  @ApiPropertyOptional({ type: [String], description: 'Names of the secrets that each of its turns gets.' })
  secrets?: NonNullable<SessionSettings['secrets']>;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } }) labels!: SessionSettings['labels'];
  @ApiProperty({ type: 'object', additionalProperties: true }) metadata!: SessionSettings['metadata'];
}

/** A page of sessions, newest first. */
@ApiSchema({ name: 'SessionPage' })
export class SessionPageDto implements SessionPageView {
  @ApiProperty({ type: [SessionDto] }) sessions!: SessionDto[];
  @ApiPropertyOptional({ description: 'Pass it as `cursor` to get the next page; absent on the last page.' })
  nextCursor?: string;
}

/** Something that was said to a running turn. */
@ApiSchema({ name: 'Steer' })
export class SteerDto implements SteerView {
  @ApiProperty({ description: 'The id of its event turn.steered.' }) id!: string;
  @ApiProperty({ description: 'Whether Claude Code has it; else it gets it as soon as the turn begins.' })
  said!: boolean;
}

/** An accepted turn: the job that it is. */
@ApiSchema({ name: 'AcceptedTurn' })
export class AcceptedTurnDto extends AcceptedJobDto implements AcceptedTurnView {
  @ApiProperty({ example: 's-…' }) session!: string;
  @ApiPropertyOptional({ description: 'It waits until this job is over, and those that wait before it.' })
  after?: string;
  @ApiPropertyOptional({ type: () => SteerDto, description: 'Of `mode: steer`: it was said to this turn.' })
  steer?: SteerDto;
}
