import type { Clock, EngineProfile } from '@remuda/domain';
import type { Runner } from './runner/runner.port.js';

/** How the model is reached: by a unix socket, or by a base URL. */
export type BridgeAddress = { readonly socket: string } | { readonly url: string };

/** Where the engine says what it does; pino's loggers fit. */
export interface EngineLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** How long the agent may take, in ms. */
export interface EngineLimits {
  /** From its start until it is warm. */
  readonly startMs: number;
  /** From its start until it has taken up a session of another one: that is worth waiting for. */
  readonly resumeMs: number;
  /** For the answer to a control request; without one the process is ended. */
  readonly controlMs: number;
  /** From an interrupt until the turn has ended; then comes SIGTERM. */
  readonly interruptMs: number;
  /** From SIGTERM of a turn that is ended until all of it is gone; then comes SIGKILL. Claude Code itself needs some 10 ms. */
  readonly terminateMs: number;
  /** From SIGKILL until all is gone; and between SIGTERM and SIGKILL when the engine itself ends. */
  readonly killMs: number;
  /** From the turn's result until Claude Code says that it is idle, which takes a millisecond; then it is killed. */
  readonly restMs: number;
}

/** What holds where the options name no limit. */
export const defaultLimits: EngineLimits = {
  startMs: 60_000,
  resumeMs: 60_000,
  controlMs: 10_000,
  interruptMs: 3_000,
  terminateMs: 1_000,
  killMs: 2_000,
  restMs: 2_000,
};

/** All that an engine needs to know. */
export interface StreamEngineOptions {
  /** Path of Claude Code's executable. */
  readonly claude: string;
  /** The turns' working folder; made when it is not there. */
  readonly workspace: string;
  /** The agent's home folder; made when it is not there. */
  readonly home: string;
  /** The environment to inherit from: of it only PATH, language, time zone and terminal reach the agent. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly profile: EngineProfile;
  readonly bridge: BridgeAddress;
  /** Where the agent and all that it starts run, and as whom. Default: here, as the user of this process. */
  readonly runner?: Runner;
  readonly limits?: Partial<EngineLimits>;
  /**
   * Whether a second process waits for jobs with their own system prompt or schema. Default true. Measured on CLI 2.1.197
   * and 2 cores: with it such a job's first request comes 28 ms after the claim, without it 590 ms; beside the warm process
   * (164 MB of proportional memory) it takes another 150 MB.
   */
  readonly spare?: boolean;
  /** How often Claude Code asks the model again by itself. Default 4: about 9 s. */
  readonly modelRetries?: number;
  readonly clock: Clock;
  readonly log: EngineLog;
  /** Called when the agent ends outside of a turn, without having been told to. */
  readonly onExit?: (reason: string) => void;
}
