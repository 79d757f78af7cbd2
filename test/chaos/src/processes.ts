import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isRecord, parseJson } from '@remuda/protocol';
import type { PodNamespace } from './kubernetes/pod-namespace.js';
import { signalProcess } from './member.js';
import type { ChaosOptions } from './options.js';

const run = promisify(execFile);

/** Where a run's workers are found. Linux only: it reads `/proc`. */
export interface WorkerPlace {
  readonly runtime: ChaosOptions['runtime'];
  /** Folder of the workers as processes. */
  readonly workerDir: string;
  /** Cluster to which the containers belong. */
  readonly namespace: string;
  /** Where the pods are, with the runtime `kubernetes`. */
  readonly pods?: PodNamespace | undefined;
}

/** Sends a signal to a worker's own process. */
export async function signalWorker(place: WorkerPlace, worker: string, signal: NodeJS.Signals): Promise<void> {
  if (place.pods) {
    await place.pods.run(worker, 'worker', ['pkill', `-${signal.slice(3)}`, '-f', '[w]orker.mjs']);
    return;
  }
  const pid = await workerPid(place, worker);
  if (pid !== undefined) signalProcess(pid, signal);
}

/** Kills Claude Code, and what else a worker has started. */
export async function killClaude(place: WorkerPlace, worker: string): Promise<void> {
  if (place.pods) {
    await place.pods.run(worker, 'agent', ['pkill', '-KILL', '-f', '[c]laude.*stream-json']);
    return;
  }
  const pid = await workerPid(place, worker);
  if (pid !== undefined) killProcesses(await childrenOf(pid), 'SIGKILL');
}

/** The process id of a worker on this machine; undefined when it's gone. */
async function workerPid({ runtime, workerDir }: WorkerPlace, worker: string): Promise<number | undefined> {
  if (runtime === 'docker') {
    const pid = await docker('inspect', '-f', '{{.State.Pid}}', containerOf(worker));
    return Number(pid) > 0 ? Number(pid) : undefined;
  }
  const card = parseJson(await readFile(join(workerDir, worker, 'worker.json'), 'utf8').catch(() => ''));
  return isRecord(card) && typeof card['pid'] === 'number' ? card['pid'] : undefined;
}

/** Processes that a process started: of a worker, those of Claude Code. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, i) => parents[i] === pid);
}

async function parentOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Kills a worker's whole container, of a pod's two the one with Claude Code; false where workers have none. */
export async function killContainer({ runtime, pods }: WorkerPlace, worker: string): Promise<boolean> {
  if (pods) await pods.run(worker, 'agent', ['pkill', '-KILL', '-f', '[a]gent.mjs']);
  else if (runtime === 'docker') await docker('kill', '-s', 'KILL', containerOf(worker));
  return runtime !== 'process';
}

/** Whether there is anything of the worker to be hit. */
export async function isThere(place: WorkerPlace, worker: string): Promise<boolean> {
  if (place.pods) return (await place.pods.pod(worker)).status?.phase === 'Running';
  return (await workerPid(place, worker)) !== undefined;
}

/** Ends every worker that the schedulers left behind. */
export async function removeWorkers({ runtime, workerDir, namespace, pods }: WorkerPlace): Promise<void> {
  if (pods) {
    await pods.close().catch(() => undefined);
    return;
  }
  if (runtime === 'docker') {
    const ids = (await docker('ps', '-aq', '--filter', `label=io.remuda.cluster=${namespace}`)).split('\n');
    for (const id of ids.filter(Boolean)) await docker('rm', '-f', id);
    return;
  }
  killProcesses(await marked((entry) => entry.startsWith(`HOME=${workerDir}/`)), 'SIGKILL');
}

/** The processes of a cluster that run: its parts, and workers that are processes. */
export function partsOf(namespace: string): Promise<readonly number[]> {
  return marked((entry) => entry === `REMUDA_NAMESPACE=${namespace}`);
}

/** Sends a signal to processes, of which some may be gone already. */
export function killProcesses(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch {
      // Gone already.
    }
}

/** Every process with such an entry in its environment. */
async function marked(fits: (entry: string) => boolean): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const environments = await Promise.all(
    pids.map((pid) => readFile(`/proc/${String(pid)}/environ`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, i) => environments[i]?.split('\0').some(fits));
}

const containerOf = (worker: string): string => `remuda-${worker}`;

/** What the command printed; empty where it failed: a container may be gone at any time. */
async function docker(...args: string[]): Promise<string> {
  const printed = await run('docker', args).catch(() => ({ stdout: '' }));
  return printed.stdout.trim();
}
