// Builds the page into dist/page. Does nothing where it was built from the same files: another api may serve it just now.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';

/** What a browser loads at most, compressed, in bytes. */
const limit = 200 * 1024;

const here = import.meta.dirname;
const root = join(here, '../..');
const page = join(here, 'dist/page');

const sources = [
  ...filesIn(join(here, 'src')),
  ...filesIn(join(root, 'libs/client/src')),
  ...['index.html', 'vite.config.mjs', 'build.mjs'].map((name) => join(here, name)),
  join(root, 'package-lock.json'),
].filter((path) => !path.endsWith('.test.ts'));
const hash = createHash('sha256');
for (const path of sources) hash.update(`\0${path.slice(root.length)}\0`).update(readFileSync(path));
const builtFrom = hash.digest('hex');

const mark = join(page, '.built-from');
if (!existsSync(mark) || readFileSync(mark, 'utf8') !== builtFrom) await buildPage();

/** Builds beside, and puts the page in its place when it is whole. */
async function buildPage() {
  const next = `${page}-${process.pid}`;
  await build({ configFile: join(here, 'vite.config.mjs'), logLevel: 'warn', build: { outDir: next } });
  const scripts = filesIn(next).filter((path) => path.endsWith('.js'));
  const size = scripts.reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0);
  if (size > limit) throw new Error(`The page's scripts have ${size} bytes compressed, more than ${limit}.`);
  for (const path of filesIn(next).filter((path) => /\.(js|css|svg)$/.test(path))) compress(path);
  writeFileSync(join(next, '.built-from'), builtFrom);
  rmSync(page, { recursive: true, force: true });
  renameSync(next, page);
}

/** Puts the compressed forms, which the api sends to whoever takes them, beside a file. */
function compress(path) {
  const bytes = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
}

/** @param {string} folder */
function filesIn(folder) {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
