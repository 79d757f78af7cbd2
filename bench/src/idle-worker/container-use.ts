import { spawnSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';

/** What a container has used so far, and holds now. */
export interface ContainerUse {
  /** Proportional memory of its processes: a page that several share counts in parts. */
  readonly pssMb: number;
  /** CPU time of all its processes, also of those that have ended, in ms. */
  readonly cpuMs: number;
}

/** Reads both from /proc and the control group, which wants root and the engine on this machine. */
export async function containerUse(name: string): Promise<ContainerUse> {
  const { stdout } = spawnSync('docker', ['inspect', '--format', '{{.State.Pid}}', name], { encoding: 'utf8' });
  const groups = await readFile(`/proc/${stdout.trim()}/cgroup`, 'utf8');
  const pids = await pidsOf(groups);
  const sizes = await Promise.all(pids.map(pssOf));
  return { pssMb: sizes.reduce((sum, each) => sum + each, 0), cpuMs: await cpuOf(groups) };
}

/** All processes in the same control groups. */
async function pidsOf(groups: string): Promise<readonly string[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const theirs = await Promise.all(all.map((pid) => readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')));
  return all.filter((_, i) => theirs[i] === groups);
}

async function pssOf(pid: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1_024;
}

/** With control groups of version 2, or of version 1. */
async function cpuOf(groups: string): Promise<number> {
  const one = /^\d+:[^:\n]*\bcpuacct\b[^:\n]*:(.*)$/m.exec(groups)?.[1];
  if (one !== undefined) return Number(await readFile(`/sys/fs/cgroup/cpuacct${one}/cpuacct.usage`, 'utf8')) / 1e6;
  const two = /^0::(.*)$/m.exec(groups)?.[1] ?? '';
  const text = await readFile(`/sys/fs/cgroup${two}/cpu.stat`, 'utf8');
  return Number(/^usage_usec (\d+)/m.exec(text)?.[1] ?? NaN) / 1e3;
}
