import type { FailureCode } from '@remuda/domain';
import type { ResultForm } from '../result/result-form.js';
import type { CliMessage } from '../stream/cli-message.js';
import type { ControlRequest } from '../stream/controls.js';

/** A running Claude Code as a turn sees it, however it is driven: over stream-json, or in a terminal. */
export interface TurnProcess {
  /** Resolves with a sentence when the process has ended for any reason. */
  readonly ended: Promise<string>;
  /** Its last lines of output outside the protocol. */
  readonly lastLines: readonly string[];
  /** The failure code of its work if it has ended unexpectedly. */
  readonly endCode: FailureCode;
  /** Calls back for every message until the returned function is called. */
  listen(listener: (message: CliMessage) => void): () => void;
  /** Resolves with the first matching message; rejects with `endCode` if the process ends first. */
  next(fits: (message: CliMessage) => boolean): Promise<CliMessage>;
  /** Sends it a user's message of one or several texts. */
  say(...texts: readonly string[]): void;
  /**
   * Sends it a message while its turn runs; it comes back with this id when it is read. Optional: one that is driven in a terminal hears nothing.
   */
  steer?(id: string, ...texts: readonly string[]): void;
  /** Sends a control request; a turn needs only `interrupt`. */
  control(request: ControlRequest): Promise<Record<string, unknown>>;
  /** SIGTERM. */
  terminate(reason: string): void;
  /** SIGKILL. */
  kill(reason: string): void;
}

/** A process that is set for a turn. */
export interface TurnSession {
  readonly process: TurnProcess;
  /** The process's cost so far, in dollars, over its whole lifetime. */
  costUsd: number;
  /** How the result is requested, if there is a schema. */
  readonly form: ResultForm | undefined;
}
