import { readFile } from 'node:fs/promises';

/** Where the kernel counts the OOM kills of our memory cgroup: version 2 in a container, and version 1. */
const counters = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'] as const;

/** Number of OOM kills in our container; undefined if the kernel does not report it. */
export async function countOomKills(): Promise<number | undefined> {
  for (const path of counters) {
    const count = readOomKills(await readFile(path, 'latin1').catch(() => ''));
    if (count !== undefined) return count;
  }
  return undefined;
}

/** Parses the count from the text of either version; pure. */
export function readOomKills(text: string): number | undefined {
  const [, count] = /^oom_kill (\d+)$/m.exec(text) ?? [];
  return count === undefined ? undefined : Number(count);
}

/** How a process ended, and the kernel's count before and after. */
export interface EndSeen {
  readonly signal: string | null;
  /** Whether we have signalled it ourselves. */
  readonly ours: boolean;
  readonly killsBefore: number | undefined;
  readonly killsAfter: number | undefined;
}

/**
 * Whether the kernel killed it because it ran out of memory: by a SIGKILL that was not ours, while the count rose. The
 * count alone is not enough: the killed process may have been a tool, which does not end the attempt.
 */
export function isOutOfMemory({ signal, ours, killsBefore, killsAfter }: EndSeen): boolean {
  if (signal !== 'SIGKILL' || ours || killsBefore === undefined || killsAfter === undefined) return false;
  return killsAfter > killsBefore;
}
