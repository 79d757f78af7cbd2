import type { JobState } from './job-state.js';
import type { FailureCode } from '../errors.js';
import type { KeptArtifacts } from '../files/artifact.js';
import type { GitWishes, PushOutcome } from './push.js';
import type { Snapshot, TurnOrigin } from './snapshot.js';
import type { LackingTurn } from '../sessions/lacking-turn.js';
import type { Steer } from '../sessions/steer.js';
import type { Webhook } from './webhook.js';

export const permissionModes = ['default', 'acceptEdits', 'plan', 'dontAsk', 'bypassPermissions'] as const;
/** Claude Code's permission modes, as measured with the pinned CLI. */
export type PermissionMode = (typeof permissionModes)[number];

export const onLostWords = ['resume', 'restart'] as const;
/** What happens to the session of a lost attempt. */
export type OnLost = (typeof onLostWords)[number];

/** Tool rules in Claude Code's own notation: `Bash(git *)`, `Read`, `mcp__demo`. */
export interface ToolRules {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/**
 * The workspace of a job. `empty` is a fresh folder; `git` a checkout of `ref` (by default the default branch); `upload` what
 * a client has sent; `snapshot` the files as a session's last turn has left them when the job starts, or those that another job
 * has left: its artifacts, `kept` as they were when this job was accepted.
 */
export type Workspace =
  | { readonly kind: 'empty' }
  | { readonly kind: 'git'; readonly url: string; readonly ref?: string; readonly depth?: number }
  | { readonly kind: 'upload'; readonly upload: string }
  | { readonly kind: 'snapshot'; readonly session: string }
  | { readonly kind: 'snapshot'; readonly job: string; readonly kept?: KeptArtifacts };

/** A JSON Schema (draft 2020-12 or 07) as a plain object. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A client's request, validated and with defaults. Times in ms, money in US dollars. */
export interface JobSpec {
  readonly prompt: string;
  readonly profile: string;
  readonly model?: string;
  readonly appendSystemPrompt?: string;
  readonly maxTurns?: number;
  readonly maxBudgetUsd?: number;
  readonly tools?: ToolRules;
  readonly permissionMode?: PermissionMode;
  readonly outputSchema?: JsonSchema;
  readonly workspace: Workspace;
  /** 1 is first, 10 is last; equal priorities in order of submission. */
  readonly priority: number;
  /** Not before this time (epoch ms). */
  readonly runAt?: number;
  /** A job that has not started within this time fails with `job.expired`. */
  readonly ttlMs?: number;
  /** Timeout of one attempt. */
  readonly timeoutMs: number;
  /**
   * How long Claude Code may print nothing and send no model request, tools included; then the attempt ends with
   * `engine.hung`. Default `usualIdleTimeoutMs`.
   */
  readonly idleTimeoutMs?: number;
  /**
   * Reaction to `loopAfter` equal tool calls in a row: only `attempt.looping`, or also the attempt's end with
   * `job.looping`. Default `flag`.
   */
  readonly onLoop?: OnLoop;
  /** Equal tool calls in a row that count as a loop; at least 2. Default `usualLoopAfter`. */
  readonly loopAfter?: number;
  /** Attempts that may fail with a retryable failure before the job fails; at least 1. */
  readonly attempts: number;
  /** Reaction to the account's usage limit: the job fails (default), or waits until the limit is lifted. */
  readonly onLimit?: 'fail' | 'wait';
  /**
   * What a repeated attempt does: continues the previous session, if there is a snapshot of it (default), or always
   * runs the prompt again.
   */
  readonly onLost?: OnLost;
  /**
   * Of a session's turn: how long its worker waits afterwards for the next one, with Claude Code alive, in ms. Default:
   * not at all.
   */
  readonly holdMs?: number;
  /** Whether the event stream has token deltas (`message.delta`). */
  readonly deltas: boolean;
  /** Names of the secrets given with it; their values are stored separately, and deleted when it is over. */
  readonly secrets?: readonly string[];
  /** Names of secrets of the operator's, whose values are looked up for each attempt. */
  readonly namedSecrets?: readonly string[];
  /** Hosts that its tools may reach, as far as its profile allows them. Default: all of the profile's. */
  readonly egress?: readonly string[];
  /** Globs of the files that are kept after it. */
  readonly artifacts?: readonly string[];
  /** Where to tell of its end. */
  readonly webhook?: Webhook;
  /** What is done with its repository after it. */
  readonly git?: GitWishes;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export const onLoopChoices = ['flag', 'stop'] as const;
/** Reactions to a loop. */
export type OnLoop = (typeof onLoopChoices)[number];

/** Above Claude Code's limit of 10 minutes for one Bash command: a tool that is silent for longer hangs. */
export const usualIdleTimeoutMs = 900_000;
/** Equal tool calls in a row that are reported as a loop. */
export const usualLoopAfter = 5;

export const startReasons = [
  'own_permission_mode',
  'own_system_prompt',
  'own_schema',
  'trusted_repository',
  'no_warm_worker',
] as const;
/** Why a start was not warm: the job needs its own process, or no worker was ready when it could have started. */
export type StartReason = (typeof startReasons)[number];

/**
 * How the attempt's worker was prepared: `warm` had Claude Code initialised for this job's needs; `resumed` got the
 * previous attempt's session.
 */
export interface Start {
  readonly kind: 'warm' | 'cold' | 'resumed';
  /** Why it was not warm. */
  readonly reason?: StartReason;
}

/** Tokens as the model API counts them. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

/** Points in time, epoch ms. `claimedAt` and the model's times are of the latest attempt. */
export interface JobTimes {
  readonly queuedAt: number;
  /** When it was last redriven. */
  readonly redrivenAt?: number;
  /** When it was last requeued, after a lost or failed attempt. */
  readonly requeuedAt?: number;
  readonly claimedAt?: number;
  readonly startedAt?: number;
  readonly firstRequestAt?: number;
  readonly firstTokenAt?: number;
  readonly overAt?: number;
}

/** Why a job or an attempt ended without success. */
export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  /** The engine's last lines of output, if they help. */
  readonly lastLines?: readonly string[];
  /** Epoch ms at which a usage limit is lifted. */
  readonly resetAt?: number;
}

/** A job's changes to its repository. */
export interface GitOutcome {
  readonly branch: string;
  readonly base: string;
  readonly head: string;
  readonly commits: readonly { readonly id: string; readonly subject: string }[];
  readonly filesChanged: number;
  readonly insertions: number;
  readonly deletions: number;
  /** `git diff --binary` from `base` to the working tree, including new files; absent if it exceeds the size limit. */
  readonly patch?: string;
  /** What came of pushing, if the job asked for it. */
  readonly push?: PushOutcome;
}

/**
 * The rungs by which an attempt is ended early, mildest first: each follows if the previous one did not help in time.
 */
export const endingRungs = ['interrupt', 'terminate', 'kill', 'container'] as const;
/**
 * `interrupt`: told to stop; `terminate`: SIGTERM; `kill`: SIGKILL; `container`: the whole container was removed from
 * outside.
 */
export type EndingRung = (typeof endingRungs)[number];

/** How an attempt was ended early, and the proof that none of its processes is left. */
export interface Ended {
  /** The last rung that was needed. */
  readonly by: EndingRung;
  /** Processes of the job that were still found afterwards. */
  readonly processesLeft: number;
  /** From the request to end it to that check, in ms. */
  readonly ms: number;
}

/** Model usage and its cost, including subagents, at the bridge's list prices. */
export interface Spent {
  readonly usage: Usage;
  /** US dollars. */
  readonly costUsd: number;
}

/** The result of a job. A cancelled or failed job may have a partial one. */
export interface JobResult {
  readonly text: string;
  readonly structured?: unknown;
  readonly turns: number;
  readonly usage: Usage;
  readonly costUsd: number;
  readonly sessionId?: string;
  readonly git?: GitOutcome;
  readonly warnings?: readonly string[];
  /** Of a job that was ended early. */
  readonly ended?: Ended;
}

/** The tenant of jobs that name none. */
export const defaultTenant = 'default';

/** Identifies a job. The id alone, without the tenant, does not. */
export interface JobRef {
  readonly tenant: string;
  readonly id: string;
}

/** All data of a job except its prompt, its events and its result. */
export interface JobRecord extends JobRef {
  /** The session to which it belongs as a turn. */
  readonly session?: string;
  /** Which turn of its session it is, from 1; absent while it waits for its turn, and for a job of its own. */
  readonly turn?: number;
  readonly spec: Omit<JobSpec, 'prompt'>;
  readonly state: JobState;
  /** The current or last attempt; 0 before the first. */
  readonly attempt: number;
  /** Attempts that ended with a counted failure. */
  readonly failures: number;
  /** Times the job was requeued without counting an attempt. */
  readonly requeues: number;
  /** Number of retries after each code. */
  readonly retried?: Readonly<Partial<Record<FailureCode, number>>>;
  /** The lease token: rises with each claim; older ones are refused. */
  readonly lease: number;
  readonly worker?: string;
  readonly start?: Start;
  /** A parked job wakes at this time (epoch ms). */
  readonly wakeAt?: number;
  readonly cancelRequestedAt?: number;
  readonly times: JobTimes;
  readonly failure?: Failure;
  /** The job's latest snapshot. */
  readonly snapshot?: Snapshot;
  /** The files that were kept of its latest attempt that could keep any. */
  readonly keptArtifacts?: KeptArtifacts;
  /** Where it takes up its session's conversation; absent if nothing of it is kept, and for a job of its own. */
  readonly origin?: TurnOrigin;
  /** Of a turn: earlier ones of its session that its origin lacks. */
  readonly lacks?: readonly LackingTurn[];
  /** Of a turn: what was said to it while it ran. */
  readonly steers?: readonly Steer[];
  readonly turns?: number;
  readonly usage?: Usage;
  readonly costUsd?: number;
  /** How it was ended early, if it was. */
  readonly ended?: Ended;
}

/** The later of two rungs. */
export function laterRung(a: EndingRung, b: EndingRung): EndingRung {
  return endingRungs.indexOf(a) < endingRungs.indexOf(b) ? b : a;
}

/** An empty result. */
export function emptyResult(): JobResult {
  return { text: '', turns: 0, usage: noUsage, costUsd: 0 };
}

/**
 * When a job's next attempt could first have started: after it was submitted, redriven or requeued, and its time came.
 */
export function couldStartAt({ times, spec, wakeAt = 0 }: Pick<JobRecord, 'times' | 'spec' | 'wakeAt'>): number {
  const { queuedAt, redrivenAt = 0, requeuedAt = 0 } = times;
  return Math.max(queuedAt, redrivenAt, requeuedAt, spec.runAt ?? 0, wakeAt);
}

/** No tokens at all. */
export const noUsage: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

/** The sum of two usages. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
  };
}
