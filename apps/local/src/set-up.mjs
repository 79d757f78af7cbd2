// What must be there before anything of ours can run. Needs nothing but Node and npm.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runStep } from './set-up-step.mjs';

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

/** Installs the dependencies with `npm ci` when they are missing or not those of the lockfile. Rejects when that fails. */
export async function installDependencies() {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (
    existsSync(installed) &&
    !dependenciesAreStale(lockEntries(join(root, 'package-lock.json')), lockEntries(installed))
  )
    return;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  await runStep({ what: 'installing the dependencies', command: 'npm', args });
}

/** What is bundled once all is compiled, each by its own `build.mjs`. */
const bundles = {
  worker: 'bundling the worker',
  agent: 'bundling its agent',
  cli: 'bundling the command',
  console: 'bundling the console',
};

/**
 * Compiles all apps and bundles the worker, its agent, the command and the console; quick when nothing changed. Wants the dependencies. Rejects with what the
 * compiler says.
 *
 * @param {readonly string[]} further projects to compile as well
 */
export async function build(...further) {
  const projects = ['api', 'scheduler', 'bridge', 'host-bridge', 'worker', 'agent', 'cli', 'local'].map(
    (app) => `apps/${app}`,
  );
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const compile = [compiler, '-b', ...projects, 'test/scripted-model', ...further];
  const quick = existsSync(join(root, 'apps/local/dist/main.js'));
  await runStep({ what: 'compiling', command: process.execPath, args: compile, quick });
  for (const [app, what] of Object.entries(bundles)) {
    const args = [join(root, `apps/${app}/build.mjs`)];
    await runStep({ what, command: process.execPath, args, quick: true });
  }
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
