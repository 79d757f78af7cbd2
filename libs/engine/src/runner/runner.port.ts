import type { Readable, Writable } from 'node:stream';

/** A program to be started. */
export interface ProgramStart {
  /** A path, or a name that is looked for in the PATH of `env`. */
  readonly command: string;
  readonly args: readonly string[];
  /** Absolute path of its working folder. */
  readonly cwd: string;
  /** Its whole environment: nothing is added to it. */
  readonly env: Readonly<Record<string, string>>;
}

/** How a program ended: exactly one of the three is there. */
export interface Exit {
  /** Its exit code. */
  readonly code?: number;
  /** The signal that ended it, `SIGKILL`. */
  readonly signal?: string;
  /** Why nothing is known of an end: it could not be started, or the place where it ran is gone. */
  readonly fault?: string;
}

/** A program in a process group of its own. */
export interface RunningProgram {
  /** Its process id where it runs; undefined as long as that is not known, and where it could not be started. */
  readonly pid: number | undefined;
  /** Errors of it need no listener. One that the program has closed fails what is written to it. */
  readonly stdin: Writable;
  /** Whoever destroys it closes the program's own end. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Its end. What it printed may not be read yet, and what it started may still hold its output open. Never rejects. */
  readonly exited: Promise<Exit>;
  /** The same, once its output has ended too. */
  readonly closed: Promise<Exit>;
  /** Signals its process group. Does nothing once it is closed. */
  signal(name: NodeJS.Signals): void;
}

/** One process at one moment. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  /** Tells a process from a later one with the same number. */
  readonly startedAt: string;
  /** Bears the engine's mark, or belongs to a user whom nobody but the engine uses. */
  readonly marked: boolean;
}

/**
 * The place where Claude Code and all that it starts run, as the user that they run as. What a worker does there it does by this port.
 * All of it rejects with `engine.crashed` where the place is gone, and with `engine.unresponsive` where it does not answer in time.
 */
export interface Runner {
  /** Whether programs run as root. */
  readonly root: boolean;
  /** Whether all processes of that user belong to the engine, so that they can be told by it, and be killed together. */
  readonly alone: boolean;
  /** Starts a program. Never throws: one that can't be started has `exited` say so. */
  start(program: ProgramStart): RunningProgram;
  /** Every process there that has not ended, but for those that keep the place going. `scope` is the engine's mark. */
  processes(scope: string): Promise<readonly SeenProcess[]>;
  /** Signals processes; those that are gone already need none. Resolves when all were signalled. */
  signal(pids: readonly number[], name: NodeJS.Signals): Promise<void>;
  /**
   * Kills every process of the user in one step of the kernel's, so that none gets away by starting another one meanwhile: whoever
   * looks for them one by one may miss one that forks and ends all the time. Rejects with `engine.unresponsive` when it can't, and
   * with `internal` where the user is not the engine's alone.
   */
  killUser(limitMs: number): Promise<void>;
  /** Whether there is a file, as that user sees it. */
  exists(path: string): Promise<boolean>;
  /** The path without links; the path as given where there is no such file. */
  realPath(path: string): Promise<string>;
  /** How often the kernel has killed a process there for want of memory; undefined where it does not say. */
  oomKills(): Promise<number | undefined>;
  /** Resident memory of these processes and of all that descends from them, in MiB; undefined where none is there. */
  memoryMb(pids: readonly number[]): Promise<number | undefined>;
}

/** In words how a program ended that did not end well. */
export function exitWords({ code, signal, fault }: Exit): string {
  return fault ?? `ended with ${signal ?? `exit code ${String(code)}`}`;
}
