import { readFile } from 'node:fs/promises';

/**
 * Resident memory of these processes and of all that descends from them, in MiB; undefined where there is no /proc, or none of them
 * is there. Pages that several share count for each. It walks down from the given ones: a look at all processes of a machine every
 * two seconds would cost more than it tells.
 */
export async function memoryOf(pids: readonly number[]): Promise<number | undefined> {
  const each = await Promise.all(pids.map(treeKb));
  const known = each.filter((kb) => kb !== undefined);
  return known.length === 0 ? undefined : sum(known) / 1024;
}

/** Undefined for one that is gone. */
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

/** What a process's status says of its resident memory, in KiB; pure. One that has ended has none. */
export function residentKb(status: string): number | undefined {
  const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kb === undefined ? undefined : Number(kb);
}

/** Reads a list of children as the kernel writes it; pure. */
export function childrenIn(list: string): readonly number[] {
  return list.split(' ').filter(Boolean).map(Number);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
