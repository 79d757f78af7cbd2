import { write as writeFd } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { spawn as spawnOnTerminal } from '@lydell/node-pty';
import { RemudaError } from '@remuda/domain';
import type { TerminalSize } from '@remuda/protocol';
import type { OnOutput, Program, ProgramPlan } from './program.port.js';
import { killGroup, sendSignal } from './signals.js';

/** How long a full terminal is left alone before it is tried again, in ms. */
const fullMs = 5;

/**
 * Starts a program on a terminal of its own. Rejects with `host_bridge.start_failed` if there is no prebuilt
 * `@lydell/node-pty` for this machine, or the system does not start the program.
 */
export async function startOnTerminal(plan: ProgramPlan, size: TerminalSize, onOutput: OnOutput): Promise<Program> {
  const { command, args, env, cwd, sandboxed } = plan;
  const { spawn } = await load();
  const pty = spawn(command, [...args], {
    ...size,
    env: { ...env },
    cwd,
    name: env['TERM'] ?? 'xterm',
    encoding: null,
  });
  const { pid } = pty;
  const fd = (pty as unknown as { readonly fd: number }).fd;
  let over = false;
  const exited = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      over = true;
      resolve(signal === undefined || signal === 0 ? exitCode : 128 + signal);
    });
  });
  // With no encoding it delivers buffers, which its types do not say.
  pty.onData((chunk: unknown) => {
    onOutput('stdout', chunk as Buffer);
  });
  // Its own write keeps whatever a program does not read; this one waits for it.
  let last = Promise.resolve();
  const write = (chunk: Buffer): Promise<void> => (last = last.then(() => writeAll(fd, chunk, () => over)));
  return {
    exited,
    write,
    // What a person types to end the input.
    end: () => void write(Buffer.from([4])),
    pause: () => {
      pty.pause();
    },
    resume: () => {
      pty.resume();
    },
    resize: ({ rows, cols }) => {
      if (!over) pty.resize(cols, rows);
    },
    signal: (signal) => {
      sendSignal(pid, signal, sandboxed);
    },
    kill: () => {
      // The terminal's program leads a session, and so a group.
      killGroup(pid);
      pty.resume();
    },
  };
}

async function load(): Promise<{ readonly spawn: typeof spawnOnTerminal }> {
  try {
    return await import('@lydell/node-pty');
  } catch (cause) {
    const message = 'There are no terminals here: @lydell/node-pty is not installed for this machine. claude -p works.';
    throw new RemudaError('host_bridge.start_failed', message, { cause });
  }
}

async function writeAll(fd: number, chunk: Buffer, isOver: () => boolean): Promise<void> {
  let left = chunk;
  while (left.length > 0 && !isOver()) {
    const written = await writeOnce(fd, left);
    if (written === 'gone') return;
    left = left.subarray(written);
    if (written === 0) await sleep(fullMs);
  }
}

function writeOnce(fd: number, chunk: Buffer): Promise<number | 'gone'> {
  return new Promise((resolve) => {
    writeFd(fd, chunk, (error, written) => {
      resolve(error ? (error.code === 'EAGAIN' ? 0 : 'gone') : written);
    });
  });
}
