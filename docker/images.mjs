// What each image is made of.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const json = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

/**
 * An image to be built.
 *
 * @typedef {object} Image
 * @property {string} name name without tag
 * @property {string} dockerfile path from the repository's root
 * @property {Readonly<Record<string, string>>} args build arguments
 * @property {readonly (readonly [from: string, to: string])[]} files from the root, to the build's folder
 * @property {readonly (readonly [from: string, to: string])[]} [pinned] the same, for files that a version in `args` stands for
 * @property {readonly string[]} [folders] folders that must be there, even when nothing is in them
 */

export const version = json('package.json').version;

/** @type {Readonly<Record<string, () => Image>>} */
export const images = {
  worker: workerImage,
  // which serves the console's page
  api: () => appImage('api', { page: 'apps/console/dist/page' }),
  scheduler: () => appImage('scheduler'),
  // for the mirrors of the jobs' repositories
  bridge: () => appImage('bridge', { systemPackages: 'ca-certificates git openssh-client' }),
};

/** @returns {Image} */
function workerImage() {
  const claudeVersion = json('package.json').optionalDependencies['@anthropic-ai/claude-code-linux-x64'];
  const binary = 'node_modules/@anthropic-ai/claude-code-linux-x64/claude';
  return {
    name: 'remuda-worker',
    dockerfile: 'docker/worker/Dockerfile',
    args: { CLAUDE_VERSION: claudeVersion },
    files: [
      ['apps/worker/dist/worker.mjs', 'worker.mjs'],
      ['apps/worker/dist/git-connect.mjs', 'git-connect.mjs'],
      ['apps/agent/dist/agent.mjs', 'agent.mjs'],
    ],
    pinned: existsSync(join(root, binary)) && process.arch === 'x64' ? [[binary, 'claude/claude']] : [],
    folders: ['claude'],
  };
}

/**
 * @param {string} app
 * @param {{ systemPackages?: string, page?: string }} [more] what the image has beside the app: system packages, and a
 *   folder of files that it serves
 * @returns {Image}
 */
function appImage(app, { systemPackages = '', page } = {}) {
  const workspaces = [`apps/${app}`, ...libsOf(`apps/${app}`)].sort();
  return {
    name: `remuda-${app}`,
    dockerfile: 'docker/app/Dockerfile',
    args: {
      APP: app,
      PACKAGES: workspaces.map((workspace) => json(`${workspace}/package.json`).name).join(' '),
      SYSTEM_PACKAGES: systemPackages,
    },
    files: [
      ...['package.json', 'package-lock.json', ...manifests()].map((path) => [path, `deps/${path}`]),
      ...workspaces.flatMap((workspace) => compiled(`${workspace}/dist`)).map((path) => [path, `code/${path}`]),
      ...(page === undefined ? [] : built(page, () => true)).map((path) => [path, `code/${path}`]),
    ],
  };
}

/** The libs that a workspace is compiled against, and theirs: what it imports when it runs. */
function libsOf(workspace, found = new Set()) {
  for (const { path } of json(`${workspace}/tsconfig.json`).references ?? []) {
    const lib = join(workspace, path);
    if (!lib.startsWith('libs/') || found.has(lib)) continue;
    found.add(lib);
    libsOf(lib, found);
  }
  return [...found];
}

/** The manifest of every workspace: the lockfile speaks of all of them. */
function manifests() {
  const workspaces = [...folders('libs'), ...folders('apps'), 'test/scripted-model'];
  return workspaces.map((workspace) => `${workspace}/package.json`).filter((path) => existsSync(join(root, path)));
}

const folders = (path) => readdirSync(join(root, path)).map((name) => `${path}/${name}`);

/** The code in a folder of compiled code. */
const compiled = (path) => built(path, (name) => /\.m?js$/.test(name));

/** The files in a folder that the build makes, by their names. */
function built(path, wanted) {
  if (!existsSync(join(root, path))) throw new Error(`${path} is not there. "npm run build" makes it.`);
  const found = readdirSync(join(root, path), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && wanted(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

/**
 * A short fingerprint of all that goes into an image.
 *
 * @param {Image} image
 */
export function fingerprint({ dockerfile, args, files }) {
  const hash = createHash('sha256').update(JSON.stringify(args)).update(read(dockerfile));
  for (const [from, to] of files) hash.update(`\0${to}\0`).update(read(from));
  return hash.digest('hex').slice(0, 12);
}

function read(path) {
  try {
    return readFileSync(join(root, path));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`${path} is not there. "npm run build" makes what is compiled.`, { cause: error });
  }
}

/**
 * Puts an image's parts together in a folder; large files are linked where that can be.
 *
 * @param {Image} image
 * @param {string} folder
 */
export function stage({ dockerfile, files, pinned = [], folders: empty = [] }, folder) {
  for (const name of empty) mkdirSync(join(folder, name), { recursive: true });
  for (const [from, to] of [[dockerfile, 'Dockerfile'], ...files, ...pinned]) {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    linkOrCopy(join(root, from), join(folder, to));
  }
}

function linkOrCopy(from, to) {
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
}
