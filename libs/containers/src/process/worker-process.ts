import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessEnd } from '../exit-reason.js';
import { processesOf, startTimeOf } from './process-table.js';

/** How often a process that is not our child is looked at while its end is awaited. */
const lookEveryMs = 20;
/** Killing is repeated while killed processes leave new ones behind, for so long at most. */
const killLimitMs = 5_000;

/** One process, named for good. */
export interface ProcessName {
  readonly pid: number;
  readonly startTime: string;
}

/** The same as one text: the key of this process in a table. */
export function keyOf({ pid, startTime }: ProcessName): string {
  return `${String(pid)} ${startTime}`;
}

/** What a worker's process is started with. */
export interface Command {
  readonly program: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** File descriptor that takes stdout and stderr. */
  readonly output: number;
}

/** A child of ours, and its end to come. */
export interface Launched {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
}

/** Starts a Node program as the leader of a session of its own; it goes on when this process ends. */
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

/** Whether this very process lives. */
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

/** SIGKILL to the process, to its group, and to all that carries one of the marks, until none is left. */
export async function killAll(marks: readonly string[], name: ProcessName | undefined): Promise<void> {
  const deadline = performance.now() + killLimitMs;
  do {
    const leader = name !== undefined && (await lives(name)) ? name.pid : undefined;
    const others = await processesOf(marks, leader);
    if (leader === undefined && others.length === 0) return;
    // the group's number can be another's once its leader is gone
    if (leader !== undefined) signal(-leader, 'SIGKILL');
    for (const pid of others) signal(pid, 'SIGKILL');
    await sleep(lookEveryMs);
  } while (performance.now() < deadline);
}

/** What has ended in the meantime needs no signal. */
function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
