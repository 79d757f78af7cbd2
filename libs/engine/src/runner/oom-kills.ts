import { readFile } from 'node:fs/promises';

/** Where the kernel counts the processes of our memory cgroup that it killed: of version 2 in a container, and of version 1. */
const counters = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'] as const;

/** How often the kernel has killed a process of our container for want of memory; undefined where it does not say. */
export async function countOomKills(): Promise<number | undefined> {
  for (const path of counters) {
    const count = readOomKills(await readFile(path, 'latin1').catch(() => ''));
    if (count !== undefined) return count;
  }
  return undefined;
}

/** Reads the count from the text of either version; pure. */
export function readOomKills(text: string): number | undefined {
  const [, count] = /^oom_kill (\d+)$/m.exec(text) ?? [];
  return count === undefined ? undefined : Number(count);
}

/** How a process ended, and what the kernel's count was before and after. */
export interface EndSeen {
  readonly signal: string | null;
  /** We have signalled it ourselves. */
  readonly ours: boolean;
  readonly killsBefore: number | undefined;
  readonly killsAfter: number | undefined;
}

/**
 * Whether the kernel killed it for want of memory: by a SIGKILL that was not ours, while its count rose. The count alone says
 * nothing: it may have been a tool that was killed, which ends no attempt.
 */
export function isOutOfMemory({ signal, ours, killsBefore, killsAfter }: EndSeen): boolean {
  if (signal !== 'SIGKILL' || ours || killsBefore === undefined || killsAfter === undefined) return false;
  return killsAfter > killsBefore;
}
