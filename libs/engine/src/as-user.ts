import { spawn, type ChildProcess } from 'node:child_process';
import { RemudaError, type FailureCode } from '@remuda/domain';
import { Tail } from './lines.js';
import type { EngineUser } from './options.js';

/** What is started, and how. */
export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: { readonly cwd: string; readonly uid?: number; readonly gid?: number };
}

/**
 * Starts a program in a folder as another user. The folder is entered as that user: it may be closed to us, who are root
 * without a root's right to enter everywhere, and Node enters it before it changes user.
 */
export function startAs(user: EngineUser | undefined, cwd: string, command: string, args: readonly string[]): Start {
  if (user === undefined) return { command, args, options: { cwd } };
  const enter = ['-c', 'cd "$0" && exec "$@"', cwd, command, ...args];
  return { command: '/bin/sh', args: enter, options: { cwd: '/', ...user } };
}

/** A program to run to its end. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly user?: EngineUser | undefined;
  readonly input?: string | Buffer;
  /** Largest output that is wanted, in bytes; the program is killed when it prints more. */
  readonly maxBytes?: number;
  /** Longest run in ms. Default 60 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** The code with which it fails. */
  readonly code: FailureCode;
}

const usualTimeoutMs = 60_000;

/**
 * Runs a program as the engine's user and gives what it printed; undefined when that was more than wanted. Rejects with
 * the program's own last lines when it fails, takes too long, or the signal aborts.
 */
export async function runAsUser(program: Program): Promise<Buffer | undefined> {
  const { command, args, cwd, env, user, maxBytes = Infinity } = program;
  const start = startAs(user, cwd, command, args);
  const child = spawn(start.command, start.args, {
    ...start.options,
    env,
    stdio: 'pipe',
    // A group of its own: git starts programs in its turn, and all of them end together.
    detached: true,
  });
  const kill = (): void => killGroup(child);
  const limit = setTimeout(kill, program.timeoutMs ?? usualTimeoutMs);
  program.signal?.addEventListener('abort', kill, { once: true });
  if (program.signal?.aborted === true) kill();
  const tail = new Tail();
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else kill();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    tail.add(chunk.toString('utf8'));
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(program.input ?? '');
  const ending = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      resolve(code === 0 ? undefined : `ended with ${signal ?? `exit code ${String(code)}`}`);
    });
  });
  clearTimeout(limit);
  program.signal?.removeEventListener('abort', kill);
  if (bytes > maxBytes) return undefined;
  if (ending === undefined) return Buffer.concat(chunks);
  throw new RemudaError(program.code, [`${command} ${args.at(0) ?? ''} ${ending}`, ...tail.lines].join('\n'));
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}
