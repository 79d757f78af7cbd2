import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Processes whose memory is limited together. */
export interface MemoryGroup {
  /** A command that enters the group and then becomes the one that is given. */
  enter(command: string, args: readonly string[]): { readonly command: string; readonly args: readonly string[] };
  /** Removes the group, once its processes are gone. */
  close(): void;
}

/** A folder of the kernel's in which groups can be made. */
interface Place {
  readonly folder: string;
  /** The file with a group's limit, and the file that takes its processes. */
  readonly limit: string;
  readonly procs: string;
  /** What else is set, where the kernel has it: all of a group ends together, and it cannot move to swap instead. */
  readonly more: Readonly<Record<string, string>>;
  /** Whether the folder is to be removed at the end. */
  readonly ours?: true;
}

const second = {
  limit: 'memory.max',
  procs: 'cgroup.procs',
  more: { 'memory.oom.group': '1', 'memory.swap.max': '0' },
};
const first = { limit: 'memory.limit_in_bytes', procs: 'cgroup.procs', more: {} };

/** How often and how long the removal of a group is tried: its processes may still be ending. */
const removeEveryMs = 100;
const removeTries = 50;

/** Groups of processes by the kernel's control groups, of either version, below the group of this process. */
export class MemoryGroups {
  private constructor(private readonly place: Place) {}

  /** Undefined if this process may make no groups: it is not root, and no service manager has delegated its group to it. */
  static find(root = '/sys/fs/cgroup', own = ownGroups()): MemoryGroups | undefined {
    const place = secondVersion(root, own) ?? firstVersion(root, own);
    return place && new MemoryGroups(place);
  }

  /** Makes a group. Throws if the kernel does not. */
  open(name: string, limitBytes: number): MemoryGroup {
    const { folder, limit, procs, more } = this.place;
    const group = join(folder, name);
    mkdirSync(group);
    writeFileSync(join(group, limit), String(limitBytes));
    for (const [file, value] of Object.entries(more)) tryTo(() => writeFileSync(join(group, file), value));
    const script = 'echo $$ > "$0" && exec "$@"';
    return {
      enter: (command, args) => ({
        command: '/bin/sh',
        args: ['-c', script, join(group, procs), command, ...args],
      }),
      close: () => void remove(group),
    };
  }

  /** Makes no more. */
  close(): void {
    if (this.place.ours) void remove(this.place.folder);
  }
}

/** Lines of `/proc/self/cgroup`. */
function ownGroups(): readonly string[] {
  return tryTo(() => readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) ?? [];
}

/** With version 2 a group has processes or groups below it: this process moves to one of its own first. */
function secondVersion(root: string, own: readonly string[]): Place | undefined {
  const path = own.find((line) => line.startsWith('0::'))?.slice(3);
  if (path === undefined) return undefined;
  const folder = join(root, path);
  return tryTo(() => {
    if (!readFileSync(join(folder, 'cgroup.controllers'), 'utf8').split(/\s/).includes('memory')) return undefined;
    if (path !== '/') {
      mkdirSync(join(folder, 'bridge'), { recursive: true });
      writeFileSync(join(folder, 'bridge', 'cgroup.procs'), String(process.pid));
    }
    writeFileSync(join(folder, 'cgroup.subtree_control'), '+memory');
    return { folder, ...second };
  });
}

function firstVersion(root: string, own: readonly string[]): Place | undefined {
  const line = own.find((one) => /^\d+:([^:]*,)?memory(,[^:]*)?:/.test(one));
  if (line === undefined) return undefined;
  const folder = join(root, 'memory', line.split(':').slice(2).join(':'), `remuda-host-bridge-${String(process.pid)}`);
  return tryTo(() => {
    mkdirSync(folder);
    return { folder, ours: true, ...first };
  });
}

async function remove(group: string): Promise<void> {
  for (let i = 0; i < removeTries; i++) {
    if (tryTo(() => (rmdirSync(group), true)) === true) return;
    await new Promise((resolve) => setTimeout(resolve, removeEveryMs).unref());
  }
}

function tryTo<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
