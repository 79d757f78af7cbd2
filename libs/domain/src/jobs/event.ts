import type { EgressRefusal, EgressTarget } from '../addresses/egress-rules.js';
import type { RestartReason } from './again.js';
import type { OverState } from './job-state.js';
import type { Steer } from '../sessions/steer.js';
import type { Ended, Failure, GitOutcome, Start, Usage, Workspace } from './job.js';

/**
 * The public vocabulary: something that has happened to a job, in the past tense. The keys are the SSE `event` names,
 * the values the types of `data`.
 */
export interface EventData {
  'job.queued': { readonly profile: string; readonly priority: number; readonly runAt?: number };
  'job.assigned': { readonly worker: string; readonly start: Start };
  'job.cancel_requested': { readonly reason: string };
  /** Back to the queue: `counted` says whether it used up one of the job's attempts. */
  'job.requeued': { readonly failure: Failure; readonly counted: boolean; readonly wakeAt?: number };
  /** A person redrove the failed job; it may fail `attempts` times again. Later events belong to new attempts. */
  'job.redriven': { readonly attempts: number };
  'job.over': {
    readonly state: OverState;
    readonly failure?: Failure;
    readonly costUsd?: number;
    readonly turns?: number;
    readonly usage?: Usage;
  };
  /** A repeated attempt continues the previous session, as of `snapshotAt` (epoch ms). */
  'attempt.resumed': { readonly sessionId: string; readonly snapshotAt: number; readonly bytes: number };
  /** A repeated attempt runs the prompt again. `message` has details if something went wrong. */
  'attempt.restarted': { readonly reason: RestartReason; readonly message?: string };
  'attempt.warned': { readonly message: string };
  /**
   * The same tool was called with the same input `count` times in a row; reported once for each `loopAfter` of them.
   */
  'attempt.looping': { readonly tool: string; readonly count: number };
  /** It was ended early; no process is left if `processesLeft` is 0. */
  'attempt.ended': Ended;
  'workspace.prepared': { readonly kind: Workspace['kind']; readonly ms: number; readonly commit?: string };
  /** The profile's script begins to prepare the workspace; its first line. */
  'prepare.started': { readonly script: string };
  /** It has ended, after so many ms; `output` is its last lines. */
  'prepare.ended': { readonly ok: boolean; readonly ms: number; readonly output: string };
  'workspace.collected': { readonly git: Omit<GitOutcome, 'patch' | 'push'>; readonly patchBytes: number };
  /** The bridge has pushed the job's commits. */
  'workspace.pushed': {
    readonly branch: string;
    readonly commit: string;
    readonly url: string;
    /** The page of its pull request. */
    readonly pullRequest?: string;
  };
  'session.started': {
    readonly sessionId: string;
    readonly model: string;
    readonly tools: readonly string[];
    /** The version of Claude Code. */
    readonly version?: string;
  };
  'message.delta': { readonly text: string };
  'message.text': { readonly text: string };
  'message.thinking': { readonly text: string };
  'tool.called': { readonly id: string; readonly name: string; readonly input: unknown };
  /** `output` is truncated at 16 KiB; `truncated` says so. */
  'tool.returned': {
    readonly id: string;
    readonly ok: boolean;
    readonly output: string;
    readonly truncated?: boolean;
  };
  'tool.denied': { readonly id: string; readonly name: string };
  /** The bridge refused one of its tools a connection; reported once for each host, port and reason. */
  'egress.refused': EgressTarget & { readonly reason: EgressRefusal };
  /** Claude Code waits before it retries a model request. */
  'model.retried': {
    readonly attempt: number;
    readonly delayMs: number;
    readonly status?: number;
    readonly error: string;
  };
  /** A person's message was given to the running turn: the agent reads it at its next step. */
  'turn.steered': Steer;
  'turn.ended': { readonly turns: number; readonly costUsd: number; readonly usage: Usage };
  /**
   * Events were trimmed before they were read: the next one is the first still kept. With `reports`, this many of the
   * worker's own reports were lost before they reached the job's stream: their contents are unknown, and the ids
   * continue without a gap.
   */
  'stream.gap': { readonly firstHeld: number; readonly missed: number; readonly reports?: number };
}

/** The name of an event. */
export type EventType = keyof EventData;

/** An event as it is created, without its position in the job's stream. */
export type NewEvent = {
  [T in EventType]: { readonly type: T; readonly at: number; readonly data: EventData[T] };
}[EventType];

/** An event of a job's stream. `id` rises by one, across attempts and workers; `at` is epoch ms. */
export type JobEvent = NewEvent & { readonly id: number; readonly attempt: number };
