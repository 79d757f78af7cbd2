import { RemudaError, type FailureCode } from '@remuda/domain';
import { Tail } from '../stream/lines.js';
import { exitWords, type ProgramStart, type Runner } from './runner.port.js';

/** A program to run to completion. */
export interface Program extends ProgramStart {
  readonly runner: Runner;
  readonly input?: string | Buffer;
  /** Maximum output, in bytes; the program is killed if it prints more. */
  readonly maxBytes?: number;
  /** Timeout in ms. Default 60 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Exit codes of success. Default: 0 only. */
  readonly fine?: readonly number[];
  /** The failure code. */
  readonly code: FailureCode;
}

const usualTimeoutMs = 60_000;

/**
 * Runs a program and returns its output; undefined if that exceeded the maximum. Rejects with the program's last lines
 * if it fails, times out, or the signal aborts.
 */
export async function runProgram(program: Program): Promise<Buffer | undefined> {
  const { runner, command, args, cwd, env, maxBytes = Infinity, fine = [0] } = program;
  const running = runner.start({ command, args, cwd, env });
  const kill = (): void => {
    running.signal('SIGKILL');
  };
  const limit = setTimeout(kill, program.timeoutMs ?? usualTimeoutMs);
  program.signal?.addEventListener('abort', kill, { once: true });
  if (program.signal?.aborted === true) kill();
  const tail = new Tail();
  const chunks: Buffer[] = [];
  let bytes = 0;
  running.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else kill();
  });
  running.stderr.on('data', (chunk: Buffer) => {
    tail.add(chunk.toString('utf8'));
  });
  running.stdin.end(program.input ?? '');
  const exit = await running.closed;
  clearTimeout(limit);
  program.signal?.removeEventListener('abort', kill);
  if (bytes > maxBytes) return undefined;
  if (exit.code !== undefined && fine.includes(exit.code)) return Buffer.concat(chunks);
  throw new RemudaError(program.code, [`${command} ${args.at(0) ?? ''} ${exitWords(exit)}`, ...tail.lines].join('\n'));
}
