// Builds the images: node docker/build.mjs [worker|api|scheduler|bridge|all ...] [--force]
// An image that was built from the same parts is left alone. Wants "npm run build" first.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprint, images, stage, version } from './images.mjs';

const words = process.argv.slice(2);
const force = words.includes('--force');
const asked = words.filter((word) => word !== '--force');
const names = asked.length === 0 || asked.includes('all') ? Object.keys(images) : asked;

try {
  const unknown = names.filter((name) => !Object.hasOwn(images, name));
  if (unknown.length > 0)
    throw new Error(`no image ${unknown.join(', ')}: there are ${Object.keys(images).join(', ')}`);
  for (const name of names) build(name, images[name]());
} catch (error) {
  console.error(`docker/build: ${error.message}`);
  process.exitCode = 1;
}

/**
 * Builds the image where there is none of these parts, and points its names at it.
 *
 * @param {string} what
 * @param {import('./images.mjs').Image} image
 */
function build(what, image) {
  const exact = `${image.name}:${version}-${fingerprint(image)}`;
  const tags = [`${image.name}:${version}`, `${image.name}:latest`];
  if (!force && docker(['image', 'inspect', exact], 'ignore') === 0) {
    console.log(`${what}: ${exact} is there already`);
  } else {
    const started = performance.now();
    console.log(`${what}: building ${exact}`);
    buildFrom(image, exact);
    console.log(`${what}: built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  for (const tag of tags) must(docker(['tag', exact, tag]), `docker tag ${exact} ${tag}`);
  console.log(`${what}: ${tags.join(' and ')} name it`);
}

/**
 * @param {import('./images.mjs').Image} image
 * @param {string} tag
 */
function buildFrom(image, tag) {
  const folder = mkdtempSync(join(tmpdir(), 'remuda-image-'));
  try {
    stage(image, folder);
    const args = Object.entries(image.args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    must(docker(['build', '--tag', tag, ...args, folder], 'inherit'), `docker build of ${image.name}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {readonly string[]} args
 * @param {'inherit' | 'ignore'} output
 * @returns {number | null} exit code
 */
function docker(args, output = 'inherit') {
  const { status, error } = spawnSync('docker', args, {
    stdio: ['ignore', output === 'inherit' ? 2 : 'ignore', output === 'inherit' ? 2 : 'ignore'],
  });
  if (error?.code === 'ENOENT') throw new Error('there is no docker command on PATH');
  if (error) throw error;
  return status;
}

/**
 * @param {number | null} status
 * @param {string} what
 */
function must(status, what) {
  if (status !== 0) throw new Error(`${what} failed`);
}
