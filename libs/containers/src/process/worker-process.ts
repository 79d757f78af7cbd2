import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessEnd } from '../exit-reason.js';
import { processesOf, startTimeOf } from './process-table.js';

/** Interval of checking a process that is not our child for its end. */
const lookEveryMs = 20;
/** How long killing is repeated while killed processes leave new ones behind. */
const killLimitMs = 5_000;

/** One process, identified beyond its pid. */
export interface ProcessName {
  readonly pid: number;
  readonly startTime: string;
}

/** The same as a string: the key of this process in a map. */
export function keyOf({ pid, startTime }: ProcessName): string {
  return `${String(pid)} ${startTime}`;
}

/** Options of starting a worker's process. */
export interface Command {
  readonly program: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** File descriptor that takes stdout and stderr. */
  readonly output: number;
}

/** A child process of ours, and its future end. */
export interface Launched {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
}

/** Starts a Node program as the leader of its own session; it outlives this process. */
export async function launch({ program, cwd, env, output }: Command): Promise<Launched> {
  const child = spawn(process.execPath, [program], { cwd, env, detached: true, stdio: ['ignore', output, output] });
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (exitCode, signal) => {
      resolve({ ...(exitCode === null ? {} : { exitCode }), ...(signal === null ? {} : { signal }) });
    });
  });
  await once(child, 'spawn');
  child.unref();
  return { pid: child.pid ?? 0, ended };
}

/** Whether this exact process is alive. */
export async function lives({ pid, startTime }: ProcessName): Promise<boolean> {
  return (await startTimeOf(pid)) === startTime;
}

/** SIGTERM to the process; resolves when it has ended, or after `graceMs`. */
export async function terminate(name: ProcessName, graceMs: number): Promise<void> {
  if (graceMs <= 0 || !(await lives(name))) return;
  signal(name.pid, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (performance.now() < deadline && (await lives(name))) await sleep(lookEveryMs);
}

/** SIGKILL to the process, its group, and all processes with one of the marks, until none is left. */
export async function killAll(marks: readonly string[], name: ProcessName | undefined): Promise<void> {
  const deadline = performance.now() + killLimitMs;
  do {
    const leader = name !== undefined && (await lives(name)) ? name.pid : undefined;
    const others = await processesOf(marks, leader);
    if (leader === undefined && others.length === 0) return;
    // the group's number may be reused once its leader is gone
    if (leader !== undefined) signal(-leader, 'SIGKILL');
    for (const pid of others) signal(pid, 'SIGKILL');
    await sleep(lookEveryMs);
  } while (performance.now() < deadline);
}

/** Processes that ended in the meantime need no signal. */
function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
