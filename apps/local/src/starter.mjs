// Whether the npm that a person typed is still there. It hands SIGTERM to its shell, which does not hand it on, and other
// signals to nobody: what it started would outlive it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const lookEveryMs = 500;

/**
 * @typedef {{ readonly parent: number, readonly command: string }} ProcessLook a process's parent and its command line
 * @typedef {(pid: number) => ProcessLook | undefined} Look undefined where it is gone, or cannot be seen
 */

/**
 * Calls back, once, when the npm that started this process is gone, however it went. Never when no npm started it: a
 * process that was put into the background outlives its shell. Keeps nothing alive.
 *
 * @param {() => void} then
 * @param {Readonly<Record<string, string | undefined>>} env
 */
export function whenStarterGone(then, env) {
  const shell = process.ppid;
  const npm = env['npm_lifecycle_event'] === undefined ? undefined : findNpm(shell, lookAt);
  if (npm === undefined) return;
  const timer = setInterval(() => {
    if (process.ppid === shell && (npm === shell || runs(npm))) return;
    clearInterval(timer);
    then();
  }, lookEveryMs);
  timer.unref();
}

/**
 * The npm above a process that it started as a script: its parent, or, where a shell stands between, the shell's.
 *
 * @param {number} parent
 * @param {Look} look
 * @returns {number}
 */
export function findNpm(parent, look) {
  const seen = look(parent);
  // A shell that does not replace itself by its only command has that command in its own: sh -c node …/launch.mjs start.
  return seen !== undefined && seen.parent > 1 && / -c .*launch\.mjs/.test(seen.command) ? seen.parent : parent;
}

/** @type {Look} */
function lookAt(pid) {
  try {
    const { parent, command } = process.platform === 'linux' ? lookInProc(pid) : lookByPs(pid);
    return { parent, command };
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function lookInProc(pid) {
  // The name of a program, in parentheses, may have parentheses and blanks in it.
  const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.trim().split(' ') ?? [];
  return { parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') };
}

/** @param {number} pid */
function lookByPs(pid) {
  const line = execFileSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  const [parent = '', ...words] = line.split(/\s+/);
  return { parent: Number(parent), command: words.join(' ') };
}

/** @param {number} pid */
function runs(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
