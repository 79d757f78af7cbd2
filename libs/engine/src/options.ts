import type { Clock, EngineProfile, PermissionMode } from '@remuda/domain';
import type { Runner } from './runner/runner.port.js';

/** The model's address: a unix socket, or a base URL. */
export type BridgeAddress = { readonly socket: string } | { readonly url: string };

/** The engine's log; pino's loggers fit. */
export interface EngineLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Timeouts of the agent, in ms. */
export interface EngineLimits {
  /** From its start until it is warm. */
  readonly startMs: number;
  /** From its start until it has resumed another engine's session, which is worth a longer wait. */
  readonly resumeMs: number;
  /** For the answer to a control request; then the process is killed. */
  readonly controlMs: number;
  /** From an interrupt until the turn has ended; then SIGTERM follows. */
  readonly interruptMs: number;
  /**
   * From SIGTERM of a turn until all its processes are gone; then SIGKILL follows. Claude Code itself needs some 10 ms.
   */
  readonly terminateMs: number;
  /** From SIGKILL until all processes are gone; and from SIGTERM to SIGKILL when the engine itself ends. */
  readonly killMs: number;
  /** From the turn's result until Claude Code reports that it is idle, which takes a millisecond; then it is killed. */
  readonly restMs: number;
}

/** The default timeouts. */
export const defaultLimits: EngineLimits = {
  startMs: 60_000,
  resumeMs: 60_000,
  controlMs: 10_000,
  interruptMs: 3_000,
  terminateMs: 1_000,
  killMs: 2_000,
  restMs: 2_000,
};

/** All options of an engine. */
export interface StreamEngineOptions {
  /** Path of Claude Code's executable. */
  readonly claude: string;
  /** The turns' working folder; created if missing. */
  readonly workspace: string;
  /** The agent's home folder; created if missing. */
  readonly home: string;
  /**
   * A read-only folder with a layout of a home, of which the home gets a copy whenever it is prepared: what package managers
   * have fetched before. Its large files become links. Default: none; a folder that is missing is none.
   */
  readonly cache?: string | undefined;
  /** The environment to inherit from: only PATH, language, time zone and terminal reach the agent. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly profile: EngineProfile;
  readonly bridge: BridgeAddress;
  /** Where the agent and its processes run, and as which user. Default: here, as the user of this process. */
  readonly runner?: Runner;
  readonly limits?: Partial<EngineLimits>;
  /**
   * The permission mode of a second process, which waits for jobs with their own system prompt, schema or mode. Default:
   * none, until `keepSpare`. Measured on CLI 2.1.197 and 2 cores: with it such a job's first request is sent 28 ms after
   * the claim, without it 590 ms; in addition to the warm process (164 MB of proportional memory) it needs another 150 MB.
   */
  readonly spare?: PermissionMode | undefined;
  /** Further arguments of Claude Code, behind our own. Default: none. */
  readonly claudeArgs?: readonly string[];
  /** Whether `reset` leaves workspace and home as they are, because they belong to a person. Default false. */
  readonly keepFiles?: boolean;
  /** How often Claude Code retries a model request. Default 4: about 9 s. */
  readonly modelRetries?: number;
  readonly clock: Clock;
  readonly log: EngineLog;
  /** Called if the agent ends unexpectedly outside a turn. */
  readonly onExit?: (reason: string) => void;
}
