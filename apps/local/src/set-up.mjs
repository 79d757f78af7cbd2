// What must be there before anything of ours can run. Needs nothing but Node and npm.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean }} LockEntry
 * @typedef {Readonly<Record<string, LockEntry>>} LockEntries
 */

/**
 * Whether what is installed is not what the lockfile asks for. Optional packages may be absent (other platforms).
 *
 * @param {LockEntries} wanted entries of package-lock.json
 * @param {LockEntries} installed entries of node_modules/.package-lock.json
 */
export function dependenciesAreStale(wanted, installed) {
  return Object.entries(wanted).some(([path, entry]) => {
    if (path === '') return false;
    const there = installed[path];
    if (there === undefined) return entry.optional !== true;
    return there.version !== entry.version || there.integrity !== entry.integrity;
  });
}

/** Installs the dependencies with `npm ci` when they are missing or not those of the lockfile. */
export function installDependencies() {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (
    existsSync(installed) &&
    !dependenciesAreStale(lockEntries(join(root, 'package-lock.json')), lockEntries(installed))
  )
    return;
  run('installing the dependencies', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
}

/**
 * Compiles all apps and bundles the worker; quick when nothing changed. Wants the dependencies.
 *
 * @param {readonly string[]} further projects to compile as well
 */
export function build(...further) {
  const projects = ['api', 'scheduler', 'bridge', 'worker', 'local'].map((app) => `apps/${app}`);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const fresh = existsSync(join(root, 'apps/local/dist/main.js'));
  run(fresh ? undefined : 'compiling', process.execPath, [
    compiler,
    '-b',
    ...projects,
    'test/scripted-model',
    ...further,
  ]);
  run(undefined, process.execPath, [join(root, 'apps/worker/build.mjs')]);
}

/**
 * @param {string} path
 * @returns {LockEntries}
 */
function lockEntries(path) {
  /** @type {{ packages: LockEntries }} */
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  return lock.packages;
}

/**
 * Runs one step of the set-up, its output on stderr; ends this process when the step fails.
 *
 * @param {string | undefined} what
 * @param {string} command
 * @param {readonly string[]} args
 */
function run(what, command, args) {
  if (what !== undefined) console.error(`set-up: ${what}`);
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  console.error(
    `set-up: ${command} ${args.join(' ')} failed: ${error?.message ?? signal ?? `exit code ${String(status)}`}`,
  );
  process.exit(1);
}
