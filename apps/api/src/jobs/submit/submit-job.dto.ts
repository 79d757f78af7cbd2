import { onLoopChoices, onLostWords, permissionModes, secretLimits } from '@remuda/domain';
import type { OnLoop, OnLost, PermissionMode } from '@remuda/domain';
import { ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsString,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { Given, Inner } from '../../input/fields.js';
import { Characters, Units } from '../../input/rules.js';
import { defaults, limits } from '../limits.js';

const model = /^[A-Za-z0-9._:[\]-]{1,100}$/;
const toolRule = { each: true, message: `must be strings of 1 to ${limits.toolRuleChars} characters` } as const;

/** `tools` of a job: rules in Claude Code's own notation. */
@ApiSchema({ name: 'Tools' })
export class ToolsDto {
  @Given()
  @IsArray()
  @ArrayMaxSize(limits.toolRules)
  @Characters(1, limits.toolRuleChars, toolRule)
  @ApiPropertyOptional({ type: [String], maxItems: limits.toolRules, example: ['Read', 'Bash(git *)'] })
  allow?: string[];

  @Given()
  @IsArray()
  @ArrayMaxSize(limits.toolRules)
  @Characters(1, limits.toolRuleChars, toolRule)
  @ApiPropertyOptional({ type: [String], maxItems: limits.toolRules })
  deny?: string[];
}

/** A fresh folder. */
@ApiSchema({ name: 'EmptyWorkspace' })
export class EmptyWorkspaceDto {
  @IsIn(['empty', 'git'], { message: 'must be empty or git' })
  @ApiProperty({ enum: ['empty'] })
  kind!: 'empty';
}

/** A checkout. What its URL and ref may be is in `git-source.ts`. */
@ApiSchema({ name: 'GitWorkspace' })
export class GitWorkspaceDto {
  @IsIn(['git'])
  @ApiProperty({ enum: ['git'] })
  kind!: 'git';

  @IsString()
  @ApiProperty({ example: 'https://github.com/owner/project.git' })
  url!: string;

  @Given()
  @IsString()
  @ApiPropertyOptional({ description: 'Branch, tag or commit; the default branch when absent.' })
  ref?: string;

  @Given()
  @IsInt()
  @Min(1)
  @Max(100_000)
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 100_000,
    description: 'Commits fetched; all when absent.',
  })
  depth?: number;
}

/** The shorthand `"empty"` was made an object before. */
const workspaceType = ({ kind }: { readonly kind?: unknown }) => (kind === 'git' ? GitWorkspaceDto : EmptyWorkspaceDto);

/** A job as clients ask for it. Rules that one field alone cannot tell are in `job-rules.ts`. */
@ApiSchema({ name: 'SubmitJob' })
export class SubmitJobDto {
  @Units(1, limits.promptBytes, { message: `must have 1 character to ${limits.promptBytes} bytes` })
  @ApiProperty({ description: 'What Claude Code is asked to do: up to 10 MiB of UTF-8.', minLength: 1 })
  prompt!: string;

  @Given()
  @Characters(0, 40)
  @ApiPropertyOptional({
    default: defaults.profile,
    description: 'The pool that carries it out; see GET /api/v1/pools.',
  })
  profile?: string;

  @Given()
  @IsString()
  @Matches(model, { message: 'must be the name of a model' })
  @ApiPropertyOptional({ pattern: model.source, description: "The profile's own when absent." })
  model?: string;

  @Given()
  @IsString()
  @ApiPropertyOptional({
    description: 'Added to the system prompt; up to 100 KiB. Such a job cannot start fully warm.',
  })
  appendSystemPrompt?: string;

  @Given()
  @IsInt()
  @Min(1)
  @Max(1_000)
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 1_000 })
  maxTurns?: number;

  @Given()
  @IsNumber()
  @Min(0.000_001, { message: 'must be greater than 0' })
  @Max(10_000)
  @ApiPropertyOptional({ exclusiveMinimum: 0, maximum: 10_000, description: 'US dollars over all attempts.' } as object)
  maxBudgetUsd?: number;

  @Given()
  @IsObject()
  @Inner(() => ToolsDto)
  @ApiPropertyOptional({ type: () => ToolsDto })
  tools?: ToolsDto;

  @Given()
  @IsIn(permissionModes)
  @ApiPropertyOptional({ enum: permissionModes })
  permissionMode?: PermissionMode;

  @Given()
  @IsObject()
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description:
      "JSON Schema (2020-12, or 07 by `$schema`) that the result's `structured` is valid against; up to 64 KiB.",
  })
  outputSchema?: Record<string, unknown>;

  @Given()
  @IsObject({ message: 'must be "empty", or an object with a kind of empty or git' })
  @Inner(workspaceType)
  @ApiPropertyOptional({
    oneOf: [
      { type: 'string', enum: ['empty'] },
      { $ref: getSchemaPath(EmptyWorkspaceDto) },
      { $ref: getSchemaPath(GitWorkspaceDto) },
    ],
    default: { kind: 'empty' },
  })
  workspace?: EmptyWorkspaceDto | GitWorkspaceDto;

  @Given()
  @IsInt()
  @Min(1)
  @Max(10)
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 10,
    default: defaults.priority,
    description: '1 is first.',
  })
  priority?: number;

  @Given()
  @IsInt()
  @Min(0)
  @Max(limits.yearMs)
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'Starts no sooner than after so long; or use runAt.',
  })
  delayMs?: number;

  @Given()
  @ApiPropertyOptional({
    oneOf: [{ type: 'string', format: 'date-time' }, { type: 'integer' }],
    description: 'Starts no sooner than this: ISO 8601 or epoch ms, at most a year ahead.',
  })
  runAt?: string | number;

  @Given()
  @IsInt()
  @Min(1)
  @Max(limits.yearMs)
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    description: 'Fails as job.expired when it has not started so long after it could.',
  })
  ttlMs?: number;

  @Given()
  @IsInt()
  @Min(1_000)
  @Max(limits.dayMs)
  @ApiPropertyOptional({ type: 'integer', minimum: 1_000, maximum: limits.dayMs, default: defaults.timeoutMs })
  timeoutMs?: number;

  @Given()
  @IsInt()
  @Min(1_000)
  @Max(limits.dayMs)
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1_000,
    maximum: limits.dayMs,
    default: defaults.idleTimeoutMs,
    description: 'An attempt in which Claude Code prints nothing for so long, tools included, ends as engine.hung.',
  })
  idleTimeoutMs?: number;

  @Given()
  @IsIn(onLoopChoices)
  @ApiPropertyOptional({
    enum: onLoopChoices,
    default: defaults.onLoop,
    description:
      'What follows when the same tool call comes loopAfter times in a row: an event, or job.looping as well.',
  })
  onLoop?: OnLoop;

  @Given()
  @IsInt()
  @Min(2)
  @Max(1_000)
  @ApiPropertyOptional({ type: 'integer', minimum: 2, maximum: 1_000, default: defaults.loopAfter })
  loopAfter?: number;

  @Given()
  @IsInt()
  @Min(1)
  @Max(10)
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 10, default: defaults.attempts })
  attempts?: number;

  @Given()
  @IsIn(['fail', 'wait'])
  @ApiPropertyOptional({
    enum: ['fail', 'wait'],
    default: 'fail',
    description:
      "What follows when the account's usage limit is reached: it fails, or waits until the limit is lifted.",
  })
  onLimit?: 'fail' | 'wait';

  @Given()
  @IsIn(onLostWords)
  @ApiPropertyOptional({
    enum: onLostWords,
    default: 'resume',
    description:
      'What a further attempt does: goes on with the session of a lost one where it can, or runs the prompt again.',
  })
  onLost?: OnLost;

  @Given()
  @IsBoolean()
  @ApiPropertyOptional({ default: false, description: 'Whether the event stream has message.delta, token by token.' })
  deltas?: boolean;

  @Given()
  @IsObject()
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string', minLength: 1 },
    propertyNames: { pattern: '^[A-Z_][A-Z0-9_]{0,63}$' },
    maxProperties: secretLimits.count,
    writeOnly: true,
    description:
      'Environment of its tools, values of up to 8 KiB: kept until the job is over, hidden in all that it says, never shown.',
    example: { DEPLOY_TOKEN: 'x' },
  } as object)
  secrets?: Record<string, unknown>;

  @Given()
  @IsObject()
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' }, example: { team: 'search' } })
  labels?: Record<string, unknown>;

  @Given()
  @IsObject()
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'Kept as it is; up to 16 KiB.' })
  metadata?: Record<string, unknown>;
}
