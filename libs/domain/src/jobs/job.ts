import type { JobState } from './job-state.js';
import type { FailureCode } from '../errors.js';
import type { Snapshot } from './snapshot.js';

export const permissionModes = ['default', 'acceptEdits', 'plan', 'dontAsk', 'bypassPermissions'] as const;
/** Claude Code's permission modes, as measured on the pinned CLI. */
export type PermissionMode = (typeof permissionModes)[number];

export const onLostWords = ['resume', 'restart'] as const;
/** What becomes of the session of an attempt that was lost. */
export type OnLost = (typeof onLostWords)[number];

/** Tool rules in Claude Code's own notation: `Bash(git *)`, `Read`, `mcp__demo`. */
export interface ToolRules {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** Where a job works. `empty` is a fresh folder; `git` a checkout of `ref` (default branch when absent). */
export type Workspace =
  | { readonly kind: 'empty' }
  | { readonly kind: 'git'; readonly url: string; readonly ref?: string; readonly depth?: number };

/** A JSON Schema (draft 2020-12 or 07) as a plain object. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a client asks for, checked and with defaults filled in. Times in ms, money in US dollars. */
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
  /** 1 is first, 10 is last; equal priorities in the order of submission. */
  readonly priority: number;
  /** Not before this time (epoch ms). */
  readonly runAt?: number;
  /** A job that has not started after so long fails with `job.expired`. */
  readonly ttlMs?: number;
  /** Longest time one attempt may run. */
  readonly timeoutMs: number;
  /**
   * Longest time in which Claude Code prints nothing and asks the model nothing, tools included; then the attempt ends with
   * `engine.hung`. Default `usualIdleTimeoutMs`.
   */
  readonly idleTimeoutMs?: number;
  /** What follows when the same tool call comes `loopAfter` times in a row: `attempt.looping` alone, or the attempt's end with `job.looping`. Default `flag`. */
  readonly onLoop?: OnLoop;
  /** Equal tool calls in a row that count as a loop; at least 2. Default `usualLoopAfter`. */
  readonly loopAfter?: number;
  /** Attempts that may fail with a retryable failure before the job does; at least 1. */
  readonly attempts: number;
  /** What follows when the account's usage limit is reached: the job fails (default), or waits until the limit is lifted. */
  readonly onLimit?: 'fail' | 'wait';
  /**
   * What a further attempt does: goes on with the session of the one before, where there is a snapshot of it (the
   * default), or always runs the prompt again.
   */
  readonly onLost?: OnLost;
  /** Whether token deltas (`message.delta`) are wanted in the event stream. */
  readonly deltas: boolean;
  /** Names of its secrets; their values are kept apart, and go with its end. */
  readonly secrets?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export const onLoopChoices = ['flag', 'stop'] as const;
/** What follows when a job goes in circles. */
export type OnLoop = (typeof onLoopChoices)[number];

/** Above the 10 minutes that Claude Code gives one command of Bash at most: a tool that says nothing for longer hangs. */
export const usualIdleTimeoutMs = 900_000;
/** Equal tool calls in a row that are told as a loop. */
export const usualLoopAfter = 5;

export const startReasons = [
  'own_permission_mode',
  'own_system_prompt',
  'own_schema',
  'trusted_repository',
  'no_warm_worker',
] as const;
/** Why a start was not warm: what the job asks for takes a process of its own, or no worker was ready when it could have started. */
export type StartReason = (typeof startReasons)[number];

/**
 * How the worker that took an attempt was found: `warm` had Claude Code initialised for exactly this job's needs;
 * `resumed` was given the session of the attempt before.
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

/** Points in time, epoch ms. `claimedAt` is of the latest attempt, the model's times too. */
export interface JobTimes {
  readonly queuedAt: number;
  /** When it was last redriven. */
  readonly redrivenAt?: number;
  /** When it was last put back to its queue, after a lost or failed attempt. */
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
  /** The last lines that the engine printed, where they help. */
  readonly lastLines?: readonly string[];
  /** Epoch ms at which a usage limit is lifted. */
  readonly resetAt?: number;
}

/** What a job left in its repository. */
export interface GitOutcome {
  readonly branch: string;
  readonly base: string;
  readonly head: string;
  readonly commits: readonly { readonly id: string; readonly subject: string }[];
  readonly filesChanged: number;
  readonly insertions: number;
  readonly deletions: number;
  /** `git diff --binary` from `base` to the working tree, new files included; absent when over the size limit. */
  readonly patch?: string;
}

/** The rungs by which an attempt is ended before its time, the mildest first: each when the one before did not help in time. */
export const endingRungs = ['interrupt', 'terminate', 'kill', 'container'] as const;
/** `interrupt`: told to stop; `terminate`: SIGTERM; `kill`: SIGKILL; `container`: all of it was removed from outside. */
export type EndingRung = (typeof endingRungs)[number];

/** How an attempt was ended before its time, and the proof that nothing of it goes on. */
export interface Ended {
  /** The last rung that was needed. */
  readonly by: EndingRung;
  /** The job's processes that a look at the process table still found afterwards. */
  readonly processesLeft: number;
  /** From the request to end it to that check, in ms. */
  readonly ms: number;
}

/** What was asked of the model and what that cost, subagents included, by the list prices of the bridge. */
export interface Spent {
  readonly usage: Usage;
  /** US dollars. */
  readonly costUsd: number;
}

/** What a job gives back. A job that was cancelled or failed may have a partial one. */
export interface JobResult {
  readonly text: string;
  readonly structured?: unknown;
  readonly turns: number;
  readonly usage: Usage;
  readonly costUsd: number;
  readonly sessionId?: string;
  readonly git?: GitOutcome;
  readonly warnings?: readonly string[];
  /** Of a job that was ended before its time. */
  readonly ended?: Ended;
}

/** The tenant of jobs that name none. */
export const defaultTenant = 'default';

/** Names a job. Whoever has the id and not the tenant names no job. */
export interface JobRef {
  readonly tenant: string;
  readonly id: string;
}

/** All that is known of a job, but for its prompt's text, its events and its result. */
export interface JobRecord extends JobRef {
  /** The session of which it is a turn. */
  readonly session?: string;
  readonly spec: Omit<JobSpec, 'prompt'>;
  readonly state: JobState;
  /** The attempt under way or the last one; 0 before the first. */
  readonly attempt: number;
  /** Attempts that ended with a counted failure. */
  readonly failures: number;
  /** Times the job went back to the queue without counting an attempt. */
  readonly requeues: number;
  /** How often it was tried again after each code. */
  readonly retried?: Readonly<Partial<Record<FailureCode, number>>>;
  /** The lease token: rises with each claim; an older one is refused. */
  readonly lease: number;
  readonly worker?: string;
  readonly start?: Start;
  /** A parked job wakes at this time (epoch ms). */
  readonly wakeAt?: number;
  readonly cancelRequestedAt?: number;
  readonly times: JobTimes;
  readonly failure?: Failure;
  /** The last snapshot that was taken of the job. */
  readonly snapshot?: Snapshot;
  readonly turns?: number;
  readonly usage?: Usage;
  readonly costUsd?: number;
  /** How it was ended before its time, where it was. */
  readonly ended?: Ended;
}

/** The later of two rungs. */
export function laterRung(a: EndingRung, b: EndingRung): EndingRung {
  return endingRungs.indexOf(a) < endingRungs.indexOf(b) ? b : a;
}

/** A result in which there is nothing yet. */
export function emptyResult(): JobResult {
  return { text: '', turns: 0, usage: noUsage, costUsd: 0 };
}

/** When a job could first have started its next attempt: submitted, redriven or queued again, and its time come. */
export function couldStartAt({ times, spec, wakeAt = 0 }: Pick<JobRecord, 'times' | 'spec' | 'wakeAt'>): number {
  const { queuedAt, redrivenAt = 0, requeuedAt = 0 } = times;
  return Math.max(queuedAt, redrivenAt, requeuedAt, spec.runAt ?? 0, wakeAt);
}

/** No tokens at all. */
export const noUsage: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

/** The sum of two counts. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
  };
}
