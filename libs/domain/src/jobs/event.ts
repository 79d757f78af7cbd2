import type { RestartReason } from './again.js';
import type { OverState } from './job-state.js';
import type { Ended, Failure, GitOutcome, Start, Usage } from './job.js';

/**
 * The public vocabulary: something that has happened to a job, in the past tense.
 * The keys are the SSE `event` names, the values the shapes of `data`.
 */
export interface EventData {
  'job.queued': { readonly profile: string; readonly priority: number; readonly runAt?: number };
  'job.assigned': { readonly worker: string; readonly start: Start };
  'job.cancel_requested': { readonly reason: string };
  /** Back to the queue: `counted` says whether it used up one of the job's attempts. */
  'job.requeued': { readonly failure: Failure; readonly counted: boolean; readonly wakeAt?: number };
  /** A person had a failed job queued once more; it may fail `attempts` times again. What follows is of further attempts. */
  'job.redriven': { readonly attempts: number };
  'job.over': {
    readonly state: OverState;
    readonly failure?: Failure;
    readonly costUsd?: number;
    readonly turns?: number;
    readonly usage?: Usage;
  };
  /** A further attempt goes on with the session of the one before, as it was at `snapshotAt` (epoch ms). */
  'attempt.resumed': { readonly sessionId: string; readonly snapshotAt: number; readonly bytes: number };
  /** A further attempt runs the prompt again. `message` says more of what went wrong, where something did. */
  'attempt.restarted': { readonly reason: RestartReason; readonly message?: string };
  'attempt.warned': { readonly message: string };
  /** The same tool was called with the same input so many times in a row; told once for each `loopAfter` of them. */
  'attempt.looping': { readonly tool: string; readonly count: number };
  /** It was ended before its time; nothing of it goes on when `processesLeft` is 0. */
  'attempt.ended': Ended;
  'workspace.prepared': { readonly kind: 'empty' | 'git'; readonly ms: number; readonly commit?: string };
  'workspace.collected': { readonly git: Omit<GitOutcome, 'patch'>; readonly patchBytes: number };
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
  /** `output` is cut at 16 KiB; `truncated` says so. */
  'tool.returned': {
    readonly id: string;
    readonly ok: boolean;
    readonly output: string;
    readonly truncated?: boolean;
  };
  'tool.denied': { readonly id: string; readonly name: string };
  /** Claude Code waits before it asks the model again. */
  'model.retried': {
    readonly attempt: number;
    readonly delayMs: number;
    readonly status?: number;
    readonly error: string;
  };
  'turn.ended': { readonly turns: number; readonly costUsd: number; readonly usage: Usage };
  /**
   * Events were trimmed before they were read: the next one is the first still held. With `reports`, so many of the worker's own reports
   * were lost before they came to the job's stream: what was in them is not known, and the numbers go on without a hole.
   */
  'stream.gap': { readonly firstHeld: number; readonly missed: number; readonly reports?: number };
}

/** The name of an event. */
export type EventType = keyof EventData;

/** An event as its maker writes it, without its place in the job's stream. */
export type NewEvent = {
  [T in EventType]: { readonly type: T; readonly at: number; readonly data: EventData[T] };
}[EventType];

/** An event of a job's stream. `id` rises by one, over attempts and workers; `at` is epoch ms. */
export type JobEvent = NewEvent & { readonly id: number; readonly attempt: number };
