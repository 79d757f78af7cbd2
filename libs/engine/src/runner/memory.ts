import { readFile } from 'node:fs/promises';

/**
 * Resident memory of these processes and all their descendants, in MiB; undefined if there is no /proc, or none of them
 * exists. Shared pages count for each process. It walks down from the given ones: scanning all processes of a machine
 * every two seconds would be too expensive.
 */
export async function memoryOf(pids: readonly number[]): Promise<number | undefined> {
  const each = await Promise.all(pids.map(treeKb));
  const known = each.filter((kb) => kb !== undefined);
  return known.length === 0 ? undefined : sum(known) / 1024;
}

/** Undefined for a process that is gone. */
async function treeKb(pid: number): Promise<number | undefined> {
  const [status, children] = await Promise.all([
    readFile(`/proc/${String(pid)}/status`, 'latin1').catch(() => ''),
    readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'latin1').catch(() => ''),
  ]);
  const own = residentKb(status);
  if (own === undefined) return undefined;
  const below = await Promise.all(childrenIn(children).map(treeKb));
  return own + sum(below.map((kb) => kb ?? 0));
}

/** Resident memory in a process's status, in KiB; pure. An ended process has none. */
export function residentKb(status: string): number | undefined {
  const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kb === undefined ? undefined : Number(kb);
}

/** Parses the kernel's list of children; pure. */
export function childrenIn(list: string): readonly number[] {
  return list.split(' ').filter(Boolean).map(Number);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
