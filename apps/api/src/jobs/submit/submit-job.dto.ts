import {
  artifactLimits,
  egressLimits,
  maxBranchLength,
  maxWebhookUrlLength,
  onLoopChoices,
  onLostWords,
  permissionModes,
  pullRequestLimits,
  secretLimits,
  secretName,
  uncommittedChoices,
  usualIdleTimeoutMs,
  usualLoopAfter,
  usualWebhookSecret,
  webhookTypes,
} from '@remuda/domain';
import type { OnLoop, OnLost, PermissionMode, Uncommitted, WebhookType } from '@remuda/domain';
import { ApiProperty, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsObject, IsString } from 'class-validator';
import { Default, Given, Inner } from '../../input/fields.js';
import { Amount, Characters, Filled, Form, Integer, NamesOrValues, OneOf, SomeOf, Strings } from '../../input/rules.js';
import { labelName, limits } from '../limits.js';

const model = /^[A-Za-z0-9._:[\]-]{1,100}$/;

/** `tools` of a job: rules in Claude Code's own notation. */
@ApiSchema({ name: 'Tools' })
export class ToolsDto {
  @Given()
  @Strings(limits.toolRules, limits.toolRuleChars)
  @ApiProperty({ example: ['Read', 'Bash(git *)'] })
  allow?: string[];

  @Given()
  @Strings(limits.toolRules, limits.toolRuleChars)
  deny?: string[];
}

/** A fresh folder. */
@ApiSchema({ name: 'EmptyWorkspace' })
export class EmptyWorkspaceDto {
  @IsIn(['empty', 'git', 'upload', 'snapshot'], { message: 'must be empty, git, upload or snapshot' })
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
  @ApiProperty({ description: 'Branch, tag or commit; the default branch when absent.' })
  ref?: string;

  @Given()
  @Integer(1, 100_000)
  @ApiProperty({ description: 'Commits fetched; all when absent.' })
  depth?: number;
}

/** Where to send a message when a job is over. What its URL may be is in `webhook.ts` of the domain. */
@ApiSchema({ name: 'Webhook' })
export class WebhookDto {
  @Characters(1, maxWebhookUrlLength)
  @ApiProperty({ example: 'https://ci.example.com/hooks/remuda' })
  url!: string;

  @Given()
  @SomeOf(webhookTypes)
  @ApiProperty({ description: 'The ends to tell of; all when absent.', example: ['job.failed'] })
  events?: WebhookType[];

  @Given()
  @IsString()
  @ApiProperty({
    default: usualWebhookSecret,
    pattern: secretName.source,
    description: "Name of the tenant's secret that signs the messages.",
  })
  secret?: string;
}

/** The pull request, or merge request, that is opened for what was pushed. */
@ApiSchema({ name: 'PullRequestWish' })
export class PullRequestWishDto {
  @Given()
  @Characters(1, pullRequestLimits.title)
  @ApiProperty({ example: 'Fix the login', description: 'The subject of the first pushed commit when absent.' })
  title?: string;

  @Given()
  @Characters(1, pullRequestLimits.body)
  @ApiProperty({ description: 'Markdown. A line that names the job when absent.' })
  body?: string;

  @Given()
  @Characters(1, maxBranchLength)
  @ApiProperty({
    example: 'main',
    description:
      'The branch to merge into. The ref of the job when absent if that is a branch, else the default branch.',
  })
  base?: string;

  @Default(false)
  @IsBoolean()
  draft!: boolean;
}

/** Where its commits are pushed. What its branch may be is in `push.ts` of the domain. */
@ApiSchema({ name: 'GitPush' })
export class GitPushDto {
  @Given()
  @Characters(1, maxBranchLength)
  @ApiProperty({
    example: 'remuda/fix-login',
    description:
      'A new branch, or one from which the job goes on: never pushed with force, never to main, master, the default branch or the ref from which the job starts. `remuda/` and the id of the job or of its session when absent.',
  })
  branch?: string;

  @Form(secretName, 'must be the name of a secret')
  @ApiProperty({
    pattern: secretName.source,
    example: 'PUSH_GITHUB',
    description:
      "Name of the tenant's secret with the credential, `https://USER:TOKEN@HOST/PATH`, which only the bridge has.",
  })
  credential!: string;

  @Default('commit' satisfies Uncommitted)
  @OneOf(uncommittedChoices)
  @ApiProperty({
    description: 'Changes that it has not committed become one last commit, or are left out of what is pushed.',
  })
  uncommitted!: Uncommitted;

  @Given()
  @IsObject()
  @Inner(() => PullRequestWishDto)
  @ApiProperty({
    type: () => PullRequestWishDto,
    description: 'Opens a pull request for the branch, or updates the open one, where the host is GitHub or GitLab.',
  })
  pullRequest?: PullRequestWishDto;
}

/** What is done with its repository after a job that has succeeded. */
@ApiSchema({ name: 'GitWishes' })
export class GitWishesDto {
  @IsObject()
  @Inner(() => GitPushDto)
  @ApiProperty({ type: () => GitPushDto })
  push!: GitPushDto;
}

/** Files that were uploaded before. */
@ApiSchema({ name: 'UploadWorkspace' })
export class UploadWorkspaceDto {
  @IsIn(['upload'])
  @ApiProperty({ enum: ['upload'] })
  kind!: 'upload';

  @IsString()
  @ApiProperty({ description: 'The id of a complete upload.', example: 'u-5f1d7a84db5d4a3fa1c2b3d4e5f60718' })
  upload!: string;
}

/** The files of a session, or those that a job has left: one of the two. */
@ApiSchema({ name: 'SnapshotWorkspace' })
export class SnapshotWorkspaceDto {
  @IsIn(['snapshot'])
  @ApiProperty({ enum: ['snapshot'] })
  kind!: 'snapshot';

  @Given()
  @IsString()
  @ApiProperty({ description: 'Whose files: as its last turn has left them when the job starts.' })
  session?: string;

  @Given()
  @IsString()
  @ApiProperty({ description: 'Whose files, instead: the artifacts of an earlier job.' })
  job?: string;
}

const workspaceTypes = { git: GitWorkspaceDto, upload: UploadWorkspaceDto, snapshot: SnapshotWorkspaceDto } as const;

/** The shorthand `"empty"` was made an object before. */
const workspaceType = ({ kind }: { readonly kind?: unknown }) =>
  typeof kind === 'string' && Object.hasOwn(workspaceTypes, kind)
    ? workspaceTypes[kind as keyof typeof workspaceTypes]
    : EmptyWorkspaceDto;

/** A job as clients ask for it. Rules that one field alone cannot tell are in `job-rules.ts`. */
@ApiSchema({ name: 'SubmitJob' })
export class SubmitJobDto {
  @Filled(limits.promptBytes)
  @ApiProperty({ description: 'The task for Claude Code: up to 10 MiB of UTF-8.' })
  prompt!: string;

  @Default('default')
  @Characters(0, 40)
  @ApiProperty({ description: 'The pool that runs it; see GET /api/v1/pools.' })
  profile!: string;

  @Given()
  @Form(model, 'must be the name of a model')
  @ApiProperty({ description: "The profile's own when absent." })
  model?: string;

  @Given()
  @IsString()
  @ApiProperty({
    description: 'Added to the system prompt; up to 100 KiB. Such a job cannot start fully warm.',
  })
  appendSystemPrompt?: string;

  @Given()
  @Integer(1, 1_000)
  maxTurns?: number;

  @Given()
  @Amount(10_000)
  @ApiProperty({ description: 'US dollars over all attempts.' })
  maxBudgetUsd?: number;

  @Given()
  @IsObject()
  @Inner(() => ToolsDto)
  @ApiProperty({ type: () => ToolsDto })
  tools?: ToolsDto;

  @Given()
  @OneOf(permissionModes)
  permissionMode?: PermissionMode;

  @Given()
  @IsObject()
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description:
      "JSON Schema (2020-12, or 07 by `$schema`) that the result's `structured` is valid against; up to 64 KiB.",
  })
  outputSchema?: Record<string, unknown>;

  @Given()
  @IsObject({ message: 'must be "empty", or an object with a kind of empty, git, upload or snapshot' })
  @Inner(workspaceType)
  @ApiProperty({
    oneOf: [
      { type: 'string', enum: ['empty'] },
      { $ref: getSchemaPath(EmptyWorkspaceDto) },
      { $ref: getSchemaPath(GitWorkspaceDto) },
      { $ref: getSchemaPath(UploadWorkspaceDto) },
      { $ref: getSchemaPath(SnapshotWorkspaceDto) },
    ],
    default: { kind: 'empty' },
  })
  workspace?: EmptyWorkspaceDto | GitWorkspaceDto | UploadWorkspaceDto | SnapshotWorkspaceDto;

  @Default(5)
  @Integer(1, 10)
  @ApiProperty({ description: '1 is first.' })
  priority!: number;

  @Given()
  @Integer(0, limits.yearMs)
  @ApiProperty({ description: 'Minimum delay before it starts; alternative to runAt.' })
  delayMs?: number;

  @Given()
  @ApiProperty({
    oneOf: [{ type: 'string', format: 'date-time' }, { type: 'integer' }],
    description: 'Earliest start: ISO 8601 or epoch ms, at most a year ahead.',
  })
  runAt?: string | number;

  @Given()
  @Integer(1, limits.yearMs)
  @ApiProperty({ description: 'Fails as job.expired if it has not started within this time after it was ready to.' })
  ttlMs?: number;

  @Default(30 * 60_000)
  @Integer(1_000, limits.dayMs)
  timeoutMs!: number;

  @Default(usualIdleTimeoutMs)
  @Integer(1_000, limits.dayMs)
  @ApiProperty({
    description: 'An attempt in which Claude Code prints nothing for this long, tools included, ends as engine.hung.',
  })
  idleTimeoutMs!: number;

  @Default('flag' satisfies OnLoop)
  @OneOf(onLoopChoices)
  @ApiProperty({
    description: 'Reaction to loopAfter equal tool calls in a row: only an event, or job.looping as well.',
  })
  onLoop!: OnLoop;

  @Default(usualLoopAfter)
  @Integer(2, 1_000)
  loopAfter!: number;

  @Default(3)
  @Integer(1, 10)
  attempts!: number;

  @Given()
  @OneOf(['fail', 'wait'])
  @ApiProperty({
    default: 'fail',
    description: "Reaction to the account's usage limit: the job fails, or waits until the limit is lifted.",
  })
  onLimit?: 'fail' | 'wait';

  @Given()
  @OneOf(onLostWords)
  @ApiProperty({
    default: 'resume',
    description:
      'What a repeated attempt does: continues the session of a lost one if possible, or runs the prompt again.',
  })
  onLost?: OnLost;

  @Default(false)
  @IsBoolean()
  @ApiProperty({ description: 'Whether the event stream has message.delta, token by token.' })
  deltas!: boolean;

  @Given()
  @NamesOrValues()
  @ApiProperty({
    oneOf: [
      {
        type: 'array',
        items: { type: 'string', pattern: secretName.source },
        maxItems: secretLimits.count,
        description: 'Names of secrets that the operator keeps for the tenant.',
        example: ['GITHUB_TOKEN'],
      },
      {
        type: 'object',
        additionalProperties: { type: 'string', minLength: 1 },
        propertyNames: { pattern: secretName.source },
        maxProperties: secretLimits.count,
        description: 'Values by name, of up to 8 KiB: kept encrypted until the job is over.',
        example: { DEPLOY_TOKEN: 'x' },
      },
    ],
    writeOnly: true,
    description: 'Environment of its tools: redacted in its output, never shown.',
  } as object)
  secrets?: readonly unknown[] | Record<string, unknown>;

  @Given()
  @Strings(egressLimits.entries, egressLimits.characters)
  @ApiProperty({
    description:
      "Hosts that its tools may reach, as far as its profile allows them: host, *.host, host:port or the name of a preset. All of the profile's when absent.",
    example: ['registry.npmjs.org', '*.example.com', 'python'],
  })
  egress?: string[];

  @Given()
  @Strings(artifactLimits.globs, artifactLimits.globCharacters)
  @ApiProperty({
    description: 'Files of its workspace that are kept after it: paths within it, with `*`, `**` and `?` as wildcards.',
    example: ['dist/**', 'report.html'],
  })
  artifacts?: string[];

  @Given()
  @IsObject()
  @Inner(() => WebhookDto)
  @ApiProperty({
    type: () => WebhookDto,
    description: 'Where a signed message is sent when it is over, by the Standard Webhooks specification.',
  })
  webhook?: WebhookDto;

  @Given()
  @IsObject()
  @Inner(() => GitWishesDto)
  @ApiProperty({
    type: () => GitWishesDto,
    description: 'What the bridge does with the commits in a git workspace once the job has succeeded.',
  })
  git?: GitWishesDto;

  @Given()
  @IsObject()
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', maxLength: limits.labelUnits },
    propertyNames: { pattern: labelName.source },
    maxProperties: limits.labels,
    example: { team: 'search' },
  } as object)
  labels?: Record<string, unknown>;

  @Given()
  @IsObject()
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Kept unchanged; up to 16 KiB.' })
  metadata?: Record<string, unknown>;
}
