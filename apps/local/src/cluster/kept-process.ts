import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const orphan = join(import.meta.dirname, '../../dist/cluster/orphan.js');
const keeper = join(import.meta.dirname, '../../dist/cluster/keeper.js');

/** What is to be run. */
export interface ProcessPlan {
  readonly name: string;
  /**
   * An app of ours (path of its compiled main file), or a program that is not ours. When this process is gone, an app
   * is asked to go at once, a program after `lingerMs`, so that the apps can finish with it.
   */
  readonly run: { readonly app: string } | { readonly program: string; readonly lingerMs: number };
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** File that takes everything it prints; what was in it before is gone. */
  readonly log: string;
  /** Text for its standard input. */
  readonly input?: string;
}

/** A process of the cluster. It does not outlive this one, and a Ctrl-C in the terminal does not reach it. */
export interface KeptProcess {
  readonly name: string;
  readonly log: string;
  readonly pid: number | undefined;
  /** Settles when it has ended, whoever ended it, with a sentence that says how. */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL for it and its children after `graceMs`. Safe to call twice. */
  stop(graceMs: number): Promise<void>;
}

/** Starts a process. It reads no terminal; whether it works is for the caller to find out. */
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
    // A second SIGTERM would cut short what the first one began.
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
    // Gone already.
  }
}

/** The last lines that a process printed. */
export async function lastLines(log: string, count: number): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
