import { spawn } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import { RemudaError } from '@remuda/domain';
import { startAs, type Program } from './as-user.js';
import { Tail } from './lines.js';

/** A program whose output, or input, is too large to be held at once. */
export type StreamingProgram = Pick<Program, 'command' | 'args' | 'cwd' | 'env' | 'user' | 'code' | 'signal'> & {
  /** Exit codes with which it has done what it should. Default: 0 only. */
  readonly fine?: readonly number[];
};

/** Gives what a program prints, as the engine's user. Whoever stops reading ends it. Fails as `runAsUser` does. */
export async function* readAsUser(program: StreamingProgram): AsyncGenerator<Buffer> {
  const running = begin(program);
  running.child.stdin.end();
  try {
    for await (const chunk of running.child.stdout) yield chunk as Buffer;
    await running.ended;
  } finally {
    running.kill();
  }
}

/** Runs a program as the engine's user on what comes. Fails as `runAsUser` does. */
export async function feedAsUser(program: StreamingProgram, content: AsyncIterable<Uint8Array>): Promise<void> {
  const running = begin(program);
  running.child.stdout.resume();
  try {
    // Where the program ends before it has read all, its own words say why.
    await Promise.all([pipeline(content, running.child.stdin).catch(unlessEnded(running)), running.ended]);
  } finally {
    running.kill();
  }
}

function begin(program: StreamingProgram) {
  const { command, args, cwd, env, user, signal, fine = [0] } = program;
  const start = startAs(user, cwd, command, args);
  const child = spawn(start.command, start.args, { ...start.options, env, stdio: 'pipe', detached: true });
  const tail = new Tail();
  let over = false;
  const kill = (): void => {
    if (over || child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  };
  child.stderr.on('data', (chunk: Buffer) => {
    tail.add(chunk.toString('utf8'));
  });
  child.stdin.on('error', () => undefined);
  signal?.addEventListener('abort', kill, { once: true });
  if (signal?.aborted === true) kill();
  const ended = new Promise<void>((resolve, reject) => {
    const end = (how?: string): void => {
      over = true;
      signal?.removeEventListener('abort', kill);
      if (how === undefined) resolve();
      else reject(new RemudaError(program.code, [`${command} ${how}`, ...tail.lines].join('\n')));
    };
    child.once('error', (error) => {
      end(error.message);
    });
    child.once('close', (code, name) => {
      end(code !== null && fine.includes(code) ? undefined : `ended with ${name ?? `exit code ${String(code)}`}`);
    });
  });
  // Who reads only the output hears of the end by it.
  ended.catch(() => undefined);
  return { child, ended, kill };
}

function unlessEnded({ ended }: { readonly ended: Promise<void> }): (error: unknown) => Promise<void> {
  return async (error) => {
    await ended;
    throw error;
  };
}
