/* global process, URL */
// Versions of Claude Code beside the one that Remuda is built with: each in a folder of its own, installed once.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const name = '@anthropic-ai/claude-code';
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'remuda/claude-code');

/** Longest that the registry may take to say which version is the newest, and to give one, in ms. */
const [askMs, installMs] = [20_000, 180_000];

/** The version that Remuda is built with. */
export const pinnedVersion = /** @type {string} */ (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).optionalDependencies[
    `${name}-linux-x64`
  ]
);

/** The oldest version that is still served: all that is promised of the engine is tried with it as well. */
export const olderVersion = '2.1.197';

/** The newest version that the registry has. Rejects where it can't be asked. */
export async function newestVersion() {
  const { stdout } = await run('npm', ['view', name, 'version'], { timeout: askMs });
  return stdout.trim();
}

/**
 * A folder from where a version can be resolved; it is installed where it is not there yet. Rejects where it can't be had.
 *
 * @param {string} version
 */
export async function provideVersion(version) {
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`expected a version such as ${pinnedVersion}, not ${version}`);
  const folder = join(cache, version);
  if (existsSync(join(folder, 'node_modules', name))) return folder;
  await mkdir(cache, { recursive: true });
  const made = await mkdtemp(join(cache, `.${version}-`));
  try {
    await writeFile(join(made, 'package.json'), '{ "private": true }\n');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', `${name}@${version}`];
    await run('npm', args, { cwd: made, timeout: installMs });
    // Another run may have been faster.
    await rename(made, folder).catch(() => undefined);
    return folder;
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}
