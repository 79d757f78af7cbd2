import type { Clock } from '@remuda/domain';
import type { ResultForm } from '../result/result-form.js';
import type { Runner } from '../runner/runner.port.js';
import type { TmuxServer } from './tmux-server.js';

/** What Claude Code in a terminal is started with. */
export interface InteractiveAim {
  readonly server: TmuxServer;
  readonly runner: Runner;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string>>;
  readonly session: string;
  readonly workspace: string;
  readonly model: string;
  readonly form: ResultForm | undefined;
  /** File of its hooks' calls. */
  readonly calls: string;
  /** File of what it prints outside of its terminal. */
  readonly errors: string;
  /** The session's transcript. */
  readonly transcript: string;
  readonly sessionId: string;
  /** Whether it goes on with a session that exists. */
  readonly resumes: boolean;
  /** Its program and arguments. */
  readonly argv: (resumes: boolean) => readonly string[];
  /** From its start until it is ready, and for a prompt to be taken; and from a turn's end until its transcript is complete. */
  readonly limits: { readonly startMs: number; readonly restMs: number };
  /** What a pasted prompt waits for until Enter is pressed; where it rejects, Claude Code is killed. */
  readonly mayEnter: () => Promise<void>;
  /** Ends what a terminal that is gone has left, before the next one. */
  readonly clean: () => Promise<void>;
  /** Told when a turn has ended by itself. */
  readonly onStop: (stop: { readonly failed: boolean; readonly text: string }) => void;
  /** Told when the terminal was made again in the middle of a turn. */
  readonly onRebuilt: () => void;
}
