import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { PassThrough, Readable } from 'node:stream';
import type { Exit, ProgramStart, RunningProgram } from './runner.port.js';

/** Another user of this machine. */
export interface LocalUser {
  readonly uid: number;
  readonly gid: number;
}

/** Starts a program on this machine, as another user if one is given, which requires root. */
export function startHere(program: ProgramStart, user: LocalUser | undefined): RunningProgram {
  const { command, args, options } = startAs(program, user);
  try {
    const { env } = program;
    return new LocalProgram(spawn(command, args, { ...options, env, detached: true, stdio: 'pipe' }));
  } catch (error) {
    return neverStarted(startFault(error));
  }
}

/** The program and its options. */
interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: { readonly cwd: string; readonly uid?: number; readonly gid?: number };
}

/**
 * How a program is started in a folder as another user. The folder is entered as that user: it may be closed to us, who
 * are root without the right to enter every folder, and Node would enter it before it changes the user.
 */
function startAs({ command, args, cwd }: ProgramStart, user: LocalUser | undefined): Start {
  if (user === undefined) return { command, args, options: { cwd } };
  const enter = ['-c', 'cd "$0" && exec "$@"', cwd, command, ...args];
  return { command: '/bin/sh', args: enter, options: { cwd: '/', uid: user.uid, gid: user.gid } };
}

class LocalProgram implements RunningProgram {
  readonly pid: number | undefined;
  readonly stdin;
  readonly stdout;
  readonly stderr;
  readonly exited: Promise<Exit>;
  readonly closed: Promise<Exit>;
  #over = false;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.pid = child.pid;
    this.stdin = child.stdin;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    // A write to a program that has just ended needs no error: its end is reported.
    child.stdin.on('error', () => undefined);
    const faulty = new Promise<Exit>((resolve) => {
      child.once('error', (error) => {
        this.#over = true;
        resolve({ fault: startFault(error) });
      });
    });
    const on = (event: 'exit' | 'close') =>
      new Promise<Exit>((resolve) => {
        child.once(event, (code: number | null, signal: NodeJS.Signals | null) => {
          this.#over ||= event === 'close';
          resolve(signal === null ? { code: code ?? 0 } : { signal });
        });
      });
    this.exited = Promise.race([faulty, on('exit')]);
    this.closed = Promise.race([faulty, on('close')]);
  }

  signal(name: NodeJS.Signals): void {
    if (!this.#over && this.pid !== undefined) signalHere(-this.pid, name);
  }
}

const startFault = (error: unknown): string =>
  `could not be started: ${error instanceof Error ? error.message : String(error)}`;

/** A program that could not be started, with the reason. */
export function neverStarted(fault: string): RunningProgram {
  const stdin = new PassThrough();
  stdin.on('error', () => undefined).destroy();
  const exited = Promise.resolve({ fault });
  const output = { stdout: Readable.from([]), stderr: Readable.from([]) };
  return { pid: undefined, stdin, ...output, exited, closed: exited, signal: () => undefined };
}

/** Signals a process, or a group by a negative number; ignores processes that are gone. */
export function signalHere(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
