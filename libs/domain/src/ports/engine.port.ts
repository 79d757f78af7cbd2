import type { AbortSignalLike } from './clock.port.js';
import type { NewEvent } from '../jobs/event.js';
import type { Steering } from '../sessions/steer.js';
import type { Ended, Failure, JobResult, JsonSchema, OnLoop, PermissionMode, ToolRules } from '../jobs/job.js';

/** What an engine is warmed up for: fixed when its process starts. */
export interface EngineProfile {
  readonly model: string;
  readonly permissionMode: PermissionMode;
  readonly tools: ToolRules;
  readonly appendSystemPrompt?: string;
  readonly trustRepository: boolean;
}

/** One prompt and all that follows until the engine waits again. */
export interface Turn {
  readonly prompt: string;
  readonly model?: string;
  readonly appendSystemPrompt?: string;
  readonly outputSchema?: JsonSchema;
  readonly permissionMode?: PermissionMode;
  readonly tools?: ToolRules;
  readonly maxTurns?: number;
  readonly deltas: boolean;
  readonly idleTimeoutMs?: number;
  readonly onLoop?: OnLoop;
  readonly loopAfter?: number;
  /** Whether files were put into the workspace after the engine was warm. Default: none. */
  readonly freshFiles?: boolean;
  /** The name by which others know the turn: the job's id. Default: none. */
  readonly requestId?: string;
  /**
   * Whether the session will be resumed by another engine: the agent is then ended when the turn is, in a way that
   * completes its transcript. Default: no.
   */
  readonly keepSession?: boolean;
  /**
   * With `keepSession`: the agent stays alive after a turn that succeeds, and the session's next turn finds it so. Its
   * transcript may then be incomplete for a moment. Default: no.
   */
  readonly holdSession?: boolean;
  /**
   * Awaited once, when the turn has ended and before what it has left is looked for: the caller's own programs in the
   * workspace, which would be taken for the job's, have ended when it settles. Must not reject. Default: there are none.
   */
  readonly beforeSweep?: () => Promise<void>;
  /**
   * What is said to the turn while it runs: each message becomes the event `turn.steered`, and the turn is not over before the agent has
   * read it, unless it fails. Optional to an engine, which may hear nothing. Default: nothing is said.
   */
  readonly steering?: Steering;
  /** The job's credential for the bridge. */
  readonly bridgeToken: string;
  /** Environment of the turn's tools. */
  readonly env: Readonly<Record<string, string>>;
  /** Proxy of the turn's tools, never of the agent itself: `http://127.0.0.1:4444`. Default: none. */
  readonly egressProxy?: string;
}

/** How a turn ended. A failed or interrupted one may have a partial result; `ended` is present if we ended it. */
export type TurnEnd =
  | {
      readonly kind: 'succeeded';
      readonly result: JobResult;
      /** The agent's own id of its last message, by which a transcript is seen to be complete. */
      readonly lastMessage?: string;
    }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly result?: JobResult; readonly ended?: Ended }
  | { readonly kind: 'interrupted'; readonly result?: JobResult; readonly ended?: Ended };

/**
 * The coding agent, as a session of turns: started once, warm until a turn comes.
 * One turn at a time. Every promise settles within its stated limit, whatever the agent does.
 */
export interface Engine {
  /**
   * Starts the agent and makes it warm; does nothing while it is. Rejects with `engine.start_failed` and the last lines it
   * printed when it cannot be started or is not ready within the start limit. `bridgeToken` is the credential that the next turn
   * will probably have: the claim then finds it in place. It is worth nothing before a job is granted to it.
   */
  warm(bridgeToken?: string): Promise<void>;
  /** The agent's own version, `2.1.332`; undefined until it has said it. Optional: an engine may have none. */
  readonly version?: string | undefined;
  /**
   * Makes the next turn resume a session that another engine began: its transcript is in the home. Rejects with
   * `engine.start_failed` if the agent does not resume it; the next turn then has a new session, as usual.
   */
  resume(sessionId: string, turn: Pick<Turn, 'appendSystemPrompt' | 'outputSchema' | 'permissionMode'>): Promise<void>;
  /**
   * From now on a second process of the agent waits beside the idle one, for a turn that needs its own: started in this
   * permission mode, or none at all. Optional: an engine may know no such process. Never rejects.
   */
  keepSpare?(permissionMode: PermissionMode | undefined): void;
  /** Whether the agent of the last turn is alive and will go on with its session. Optional: an engine may hold none. */
  readonly holding?: boolean;
  /** Ends the agent that is held, in a way that completes its transcript. Does nothing if none is. Never rejects. */
  endHeld?(): Promise<void>;
  /**
   * Carries out one turn; `onEvent` is called in order and never after the promise settles. Aborting the signal
   * interrupts the turn: it ends as `interrupted`, by the first rung of the ladder that helps. What the turn started
   * is ended as well, and looked for, before the promise settles.
   * Never rejects for what the agent does: a crash is a failed end.
   */
  turn(turn: Turn, onEvent: (event: NewEvent) => void, signal: AbortSignalLike): Promise<TurnEnd>;
  /**
   * Ends all processes of a job outside a turn: SIGTERM, then SIGKILL, each within its limit. Never rejects; undefined
   * if the processes could not be seen.
   */
  endRest(): Promise<Ended | undefined>;
  /** The text of its terminal's screen. Optional: only an engine with a terminal has one. Rejects if there is none now. */
  screen?(): Promise<string>;
  /** Resident memory of the agent and its processes, in MiB; undefined if unknown. Never rejects. */
  memoryMb(): Promise<number | undefined>;
  /**
   * Restores the state before the first turn: every process is ended, including the agent, workspace and home are
   * emptied, and a fresh agent is warm, with this credential. Rejects if that is not possible.
   */
  reset(bridgeToken?: string): Promise<void>;
  /** Ends the agent and its processes: SIGTERM, then SIGKILL. Safe to call twice, and at any time. */
  kill(): Promise<void>;
}
