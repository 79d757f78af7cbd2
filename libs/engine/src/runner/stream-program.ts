import { pipeline } from 'node:stream/promises';
import { RemudaError } from '@remuda/domain';
import { Tail } from '../stream/lines.js';
import type { Program } from './run-program.js';
import { exitWords } from './runner.port.js';

/** A program whose input or output is too large for memory. */
export type StreamingProgram = Omit<Program, 'input' | 'maxBytes' | 'timeoutMs'>;

/** Streams a program's output. When the reader stops, the program is ended, and has ended. Fails as `runProgram` does. */
export async function* readProgram(program: StreamingProgram & Pick<Program, 'input'>): AsyncGenerator<Buffer> {
  const { running, ended } = begin(program);
  // A program that ends before it has read everything says why itself.
  running.stdin.on('error', () => undefined);
  running.stdin.end(program.input ?? '');
  try {
    for await (const chunk of running.stdout) yield chunk as Buffer;
    await ended;
  } finally {
    running.signal('SIGKILL');
    // Nobody reads the rest, without which its output would not close.
    running.stdout.destroy();
    await running.closed;
  }
}

/** Runs a program on streamed input. Fails as `runProgram` does. */
export async function feedProgram(program: StreamingProgram, content: AsyncIterable<Uint8Array>): Promise<void> {
  const { running, ended } = begin(program);
  running.stdout.resume();
  // If the program ends before it has read everything, its own output says why.
  const unlessEnded = async (error: unknown): Promise<void> => {
    await ended;
    throw error;
  };
  try {
    await Promise.all([pipeline(content, running.stdin).catch(unlessEnded), ended]);
  } finally {
    running.signal('SIGKILL');
  }
}

function begin(program: StreamingProgram) {
  const { runner, command, args, cwd, env, signal, fine = [0] } = program;
  const running = runner.start({ command, args, cwd, env });
  const tail = new Tail();
  const kill = (): void => {
    running.signal('SIGKILL');
  };
  running.stderr.on('data', (chunk: Buffer) => {
    tail.add(chunk.toString('utf8'));
  });
  signal?.addEventListener('abort', kill, { once: true });
  if (signal?.aborted === true) kill();
  const ended = running.closed.then((exit) => {
    signal?.removeEventListener('abort', kill);
    if (exit.code !== undefined && fine.includes(exit.code)) return;
    throw new RemudaError(program.code, [`${command} ${exitWords(exit)}`, ...tail.lines].join('\n'));
  });
  // A reader that only reads the output learns of the end from it.
  ended.catch(() => undefined);
  return { running, ended };
}
