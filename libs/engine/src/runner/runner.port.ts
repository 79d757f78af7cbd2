import type { Readable, Writable } from 'node:stream';

/** A program to start. */
export interface ProgramStart {
  /** A path, or a name to look up in the PATH of `env`. */
  readonly command: string;
  readonly args: readonly string[];
  /** Absolute path of its working folder. */
  readonly cwd: string;
  /** Its complete environment: nothing is added. */
  readonly env: Readonly<Record<string, string>>;
}

/** How a program ended: exactly one of the three is present. */
export interface Exit {
  /** Its exit code. */
  readonly code?: number;
  /** The signal that ended it, `SIGKILL`. */
  readonly signal?: string;
  /** Why its end is unknown: it could not be started, or the place where it ran is gone. */
  readonly fault?: string;
}

/** A program in a process group of its own. */
export interface RunningProgram {
  /** Its process id where it runs; undefined until it is known, and if it could not be started. */
  readonly pid: number | undefined;
  /** Its errors need no listener. If the program has closed it, writes fail. */
  readonly stdin: Writable;
  /** Destroying it closes the program's end. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Its end. Its output may not be read yet, and its child processes may still keep the output open. Never rejects. */
  readonly exited: Promise<Exit>;
  /** The same, after its output has ended too. */
  readonly closed: Promise<Exit>;
  /** Signals its process group. Does nothing after it was closed. */
  signal(name: NodeJS.Signals): void;
}

/** One process at one moment. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  /** Distinguishes a process from a later one with the same number. */
  readonly startedAt: string;
  /** What the system calls its program, up to 15 characters of any kind on Linux. Absent if unknown. */
  readonly program?: string;
  /** Has the engine's mark, or belongs to a user that only the engine uses. */
  readonly marked: boolean;
}

/**
 * The place where Claude Code and its processes run, as their user. A worker does everything there through this port.
 * All methods reject with `engine.crashed` if the place is gone, and with `engine.unresponsive` if it does not answer
 * in time.
 */
export interface Runner {
  /** Whether programs run as root. */
  readonly root: boolean;
  /**
   * Whether all processes of that user belong to the engine, so that they can be recognized by it and killed together.
   */
  readonly alone: boolean;
  /** Starts a program. Never throws: if it cannot be started, `exited` says so. */
  start(program: ProgramStart): RunningProgram;
  /** Every process there that has not ended, except those that keep the place running. `scope` is the engine's mark. */
  processes(scope: string): Promise<readonly SeenProcess[]>;
  /** Signals processes; ignores those that are gone. Resolves when all were signalled. */
  signal(pids: readonly number[], name: NodeJS.Signals): Promise<void>;
  /**
   * Kills every process of the user in a single system call, so that none escapes by forking meanwhile: a scan may miss
   * a process that forks and exits continuously. Rejects with `engine.unresponsive` if it cannot, and with `internal`
   * if others use that user.
   */
  killUser(limitMs: number): Promise<void>;
  /** Whether a file exists, as seen by that user. */
  exists(path: string): Promise<boolean>;
  /** The path with links resolved; the path itself if there is no such file. */
  realPath(path: string): Promise<string>;
  /** Number of OOM kills there; undefined if the kernel does not report it. */
  oomKills(): Promise<number | undefined>;
  /** Resident memory of these processes and all their descendants, in MiB; undefined if none exists. */
  memoryMb(pids: readonly number[]): Promise<number | undefined>;
}

/** How a failed program ended, in words. */
export function exitWords({ code, signal, fault }: Exit): string {
  return fault ?? `ended with ${signal ?? `exit code ${String(code)}`}`;
}
