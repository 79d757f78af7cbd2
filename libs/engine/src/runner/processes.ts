import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { scopeVariable } from '../process/environment.js';
import type { SeenProcess } from './runner.port.js';

/** How an engine's processes are recognized: by their user, or by the mark in their environment. */
export interface Mark {
  readonly scope: string;
  /** Given if the engine runs as a user of its own: then all of that user's processes are the engine's. */
  readonly uid?: number | undefined;
}

/** Every process of the machine or container that has not ended. */
export async function seeProcesses(mark: Mark): Promise<readonly SeenProcess[]> {
  return process.platform === 'linux' ? seeOnLinux(mark) : seeByPs(mark);
}

/** Those that belong to the engine: the marked ones, and all descendants of these or of the given roots. */
export function belonging(seen: readonly SeenProcess[], roots: readonly number[]): readonly SeenProcess[] {
  const found = new Set(seen.filter((one) => one.marked).map((one) => one.pid));
  for (const pid of roots) found.add(pid);
  for (let grown = true; grown;) {
    grown = false;
    for (const one of seen)
      if (!found.has(one.pid) && found.has(one.parent)) {
        found.add(one.pid);
        grown = true;
      }
  }
  return seen.filter((one) => found.has(one.pid));
}

async function seeOnLinux(mark: Mark): Promise<readonly SeenProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const seen = await Promise.all(pids.map((pid) => seeOne(pid, mark).catch(() => undefined)));
  return seen.filter((one) => one !== undefined);
}

/** The kernel's flag of a process that is about to end, and runs nothing any more (`PF_EXITING`): its files may be closed already. */
const isExiting = 0x4;

async function seeOne(pid: string, mark: Mark): Promise<SeenProcess | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  // The name in parentheses may contain anything, including parentheses.
  const nameEnd = stat.lastIndexOf(')');
  const fields = stat.slice(nameEnd + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X' || (Number(fields[6]) & isExiting) !== 0) return undefined;
  const marked = mark.uid === undefined ? await bearsMark(pid, mark.scope) : await ownedBy(pid, mark.uid);
  const program = stat.slice(stat.indexOf('(') + 1, nameEnd);
  return { pid: Number(pid), parent: Number(fields[1]), startedAt: fields[19] ?? '', program, marked };
}

/** The environment of another user's process is not readable, and the process is not ours. */
async function bearsMark(pid: string, scope: string): Promise<boolean> {
  const environ = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  return `\0${environ}`.includes(`\0${scopeVariable}=${scope}\0`);
}

async function ownedBy(pid: string, uid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  const ids = /^Uid:\t(\d+)\t(\d+)/m.exec(status);
  return ids?.[1] === String(uid) || ids?.[2] === String(uid);
}

/** Without /proc: BSD's ps shows the environment of some programs. */
async function seeByPs(mark: Mark): Promise<readonly SeenProcess[]> {
  const { stdout } = await promisify(execFile)(
    'ps',
    ['-A', '-ww', '-E', '-o', 'pid=,ppid=,uid=,stat=,lstart=,command='],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return readPs(stdout, mark);
}

/** Parses ps's table; pure. */
export function readPs(table: string, mark: Mark): readonly SeenProcess[] {
  return table.split('\n').flatMap((line) => {
    const [, pid, parent, uid, stat, startedAt, command] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+ +\S+ +\S+ +\S+ +\S+)\s+(.*)$/.exec(line) ?? [];
    if (!pid || !startedAt || stat?.startsWith('Z')) return [];
    const marked =
      mark.uid === undefined
        ? `${command ?? ''} `.includes(` ${scopeVariable}=${mark.scope} `)
        : uid === String(mark.uid);
    const program = basename(command?.split(' ')[0] ?? '');
    return [{ pid: Number(pid), parent: Number(parent), startedAt, program, marked }];
  });
}
