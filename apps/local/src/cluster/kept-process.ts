import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const orphan = join(import.meta.dirname, '../../dist/cluster/orphan.js');
const keeper = join(import.meta.dirname, '../../dist/cluster/keeper.js');

/** The program to run. */
export interface ProcessPlan {
  readonly name: string;
  /**
   * One of our apps (path of its compiled main file), or a third-party program. If this process is gone, an app is told
   * to stop at once, a program after `lingerMs`, so that the apps can shut down with it.
   */
  readonly run: { readonly app: string } | { readonly program: string; readonly lingerMs: number };
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** File for its whole output; an existing file is overwritten. */
  readonly log: string;
  /** Text for its standard input. */
  readonly input?: string;
}

/** A process of the cluster. It does not outlive this one, and Ctrl-C in the terminal does not reach it. */
export interface KeptProcess {
  readonly name: string;
  readonly log: string;
  readonly pid: number | undefined;
  /** Settles when it has ended for any reason, with a sentence that says how. */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL for it and its children after `graceMs`. Safe to call twice. */
  stop(graceMs: number): Promise<void>;
}

/** Starts a process without a terminal. The caller has to find out whether it works. */
export function startProcess(plan: ProcessPlan): KeptProcess {
  const log = openSync(plan.log, 'w', 0o600);
  const child = spawn(process.execPath, argumentsOf(plan), {
    env: plan.env,
    detached: true,
    stdio: [plan.input === undefined ? 'ignore' : 'pipe', log, log, 'ipc'],
  });
  closeSync(log);
  child.stdin?.on('error', () => undefined).end(plan.input);
  const ended = endOf(child, plan.name);
  let stopped: Promise<void> | undefined;
  return {
    name: plan.name,
    log: plan.log,
    pid: child.pid,
    ended,
    // A second SIGTERM would interrupt a graceful shutdown.
    stop: (graceMs) => (stopped ??= stop(child, ended, graceMs)),
  };
}

function argumentsOf({ run, args = [] }: ProcessPlan): readonly string[] {
  if ('app' in run) return ['--enable-source-maps', '--import', orphan, run.app, ...args];
  return [keeper, String(run.lingerMs), run.program, ...args];
}

async function endOf(child: ChildProcess, name: string): Promise<string> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return `${name} ended with ${signal ?? `code ${code ?? 'unknown'}`}`;
  } catch (error) {
    return `${name} could not be started: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function stop(child: ChildProcess, ended: Promise<string>, graceMs: number): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => {
    killGroup(child.pid);
  }, graceMs);
  await ended;
  clearTimeout(timer);
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** The last lines of a process's output. */
export async function lastLines(log: string, count: number): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
