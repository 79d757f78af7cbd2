import { spawn } from 'node:child_process';
import { RemudaError } from '@remuda/domain';
import type { OnOutput, Program, ProgramPlan } from './program.port.js';
import { killGroup, sendSignal, signalExit } from './signals.js';

/**
 * Starts a program with pipes, in a process group of its own. Rejects with `host_bridge.start_failed` if the system
 * does not start it.
 */
export async function startPiped(plan: ProgramPlan, onOutput: OnOutput): Promise<Program> {
  const { command, args, env, cwd, sandboxed } = plan;
  const child = spawn(command, args, { env, cwd, stdio: 'pipe', detached: true });
  const { stdin, stdout, stderr } = child;
  const exited = new Promise<number>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(code ?? signalExit(signal ?? 'SIGKILL'));
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve).once('error', (cause) => {
      reject(
        new RemudaError('host_bridge.start_failed', `Claude Code could not be started: ${cause.message}.`, { cause }),
      );
    });
  });
  const pid = child.pid ?? 0;
  // It may end without having read everything.
  stdin.on('error', () => undefined);
  stdout.on('data', (chunk: Buffer) => {
    onOutput('stdout', chunk);
  });
  stderr.on('data', (chunk: Buffer) => {
    onOutput('stderr', chunk);
  });
  return {
    exited,
    write: (chunk) => new Promise((resolve) => stdin.write(chunk, () => resolve())),
    end: () => stdin.end(),
    pause: () => {
      stdout.pause();
      stderr.pause();
    },
    resume: () => {
      stdout.resume();
      stderr.resume();
    },
    resize: () => undefined,
    signal: (signal) => {
      sendSignal(pid, signal, sandboxed);
    },
    kill: () => {
      killGroup(pid);
      // Nobody reads what is left.
      stdout.destroy();
      stderr.destroy();
    },
  };
}
