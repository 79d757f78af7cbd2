import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const linux = platform === 'linux';

/**
 * When the process with this id started, in the system's own notation: together they identify a process. Undefined if
 * there is none, or only a zombie.
 */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  try {
    return linux ? startTimeInStat(await readFile(`/proc/${String(pid)}/stat`, 'utf8')) : await startTimeByPs(pid);
  } catch {
    return undefined;
  }
}

/**
 * Fields after the command, which is in parentheses and may contain any character: state is the 1st, start the 20th.
 */
function startTimeInStat(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

async function startTimeByPs(pid: number): Promise<string | undefined> {
  const { stdout } = await run('ps', ['-o', 'state=,lstart=', '-p', String(pid)]);
  const [state, ...start] = stdout.trim().split(/\s+/);
  return state === undefined || state.startsWith('Z') ? undefined : start.join(' ');
}

/**
 * Every process with one of these entries (`NAME=value`) in its environment, whatever session or group it moved to.
 * Without `/proc`, the descendants of `pid`: orphaned ones are not found there.
 */
export async function processesOf(marks: readonly string[], pid: number | undefined): Promise<readonly number[]> {
  const found = linux ? await marked(marks) : pid === undefined ? [] : await descendants(pid);
  return found.filter((candidate) => candidate !== process.pid);
}

async function marked(marks: readonly string[]): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const hits = await Promise.all(pids.map(async (pid) => hasOne(await environmentOf(pid), marks)));
  return pids.filter((_, index) => hits[index]);
}

const hasOne = (environment: readonly string[], marks: readonly string[]): boolean =>
  marks.some((mark) => environment.includes(mark));

/** Empty for ended processes, and for other users' processes. */
async function environmentOf(pid: number): Promise<readonly string[]> {
  const environ = await readFile(`/proc/${String(pid)}/environ`, 'utf8').catch(() => '');
  return environ.split('\0');
}

async function descendants(pid: number): Promise<readonly number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number));
  const family = new Set([pid]);
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const [child, parent] of rows)
      if (child !== undefined && parent !== undefined && family.has(parent)) family.add(child);
  }
  return rows.flatMap(([child]) => (child !== undefined && family.has(child) ? [child] : []));
}
