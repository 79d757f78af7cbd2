import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { list } from 'tar';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packFolder, type PackedFolder } from './packed-folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-pack-'));
});
afterEach(() => rm(folder, { recursive: true }));

const git = (args: readonly string[], cwd = folder): Buffer => execFileSync('git', [...args], { cwd, stdio: 'pipe' });

async function write(files: Readonly<Record<string, string>>, to = folder): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await writeFile(join(to, path), content);
  }
}

async function pathsOf(packed: PackedFolder): Promise<readonly string[]> {
  const paths: string[] = [];
  const content = Buffer.from(await packed.read(0, packed.bytes));
  expect(createHash('sha256').update(content).digest('base64')).toBe(packed.sha256);
  await new Promise((resolve, reject) => {
    const reader = list({ onReadEntry: ({ path }) => paths.push(path.replace(/^\.\//, '')) });
    Readable.from([content]).pipe(reader).on('end', resolve).on('error', reject);
  });
  return paths;
}

const packedPaths = async (of = folder): Promise<readonly string[]> => {
  await using packed = await packFolder(of);
  return await pathsOf(packed);
};

const tree = { 'a.txt': '1', 'src/b.ts': '2', 'node_modules/x/index.js': '3', '.gitignore': 'node_modules\n' };

describe('a folder is packed without what git ignores', () => {
  test.each([
    ['in a repository, whether it is committed or not', ['init', '--quiet']],
    ['outside of any', ['--version']],
  ])('%s', async (_, first) => {
    git(first);
    await write(tree);
    if (first[0] === 'init') git(['add', 'a.txt']);
    expect(await packedPaths()).toEqual(['.gitignore', 'a.txt', 'src/b.ts']);
  });

  test('but whole where a repository around it ignores all of it', async () => {
    git(['init', '--quiet']);
    await write({ '.gitignore': 'dist\n', 'dist/app.js': '1' });
    expect(await packedPaths(join(folder, 'dist'))).toEqual(['app.js']);
  });

  test('only itself, not the repository around it', async () => {
    git(['init', '--quiet']);
    await write({ 'outside.txt': '1', 'part/inside.txt': '2', 'part/x.log': '3', '.gitignore': '*.log\n' });
    expect(await packedPaths(join(folder, 'part'))).toEqual(['inside.txt']);
  });

  test('a repository within it by its own rules', async () => {
    git(['init', '--quiet']);
    await write({ 'top.txt': '1', 'inner/kept.txt': '2', 'inner/not.txt': '3', 'inner/.gitignore': 'not.txt\n' });
    git(['init', '--quiet'], join(folder, 'inner'));
    expect(await packedPaths()).toEqual(['inner/.gitignore', 'inner/kept.txt', 'top.txt']);
  });

  test('files that were deleted, or have the names of options, archives and other letters', async () => {
    git(['init', '--quiet']);
    await write({ 'gone.txt': '', '@archive.tar': '1', '--checkpoint': '2', 'größe\nnew line': '3' });
    git(['add', '.']);
    await rm(join(folder, 'gone.txt'));
    expect(await packedPaths()).toEqual(['--checkpoint', '@archive.tar', 'größe\nnew line']);
  });
});

test('the same files are the same archive at another time: so an upload is taken up again', async () => {
  await write(tree);
  await using first = await packFolder(folder);
  await utimes(join(folder, 'a.txt'), 1, 1);
  await using second = await packFolder(folder);
  expect(second.sha256).toBe(first.sha256);
  await write({ 'a.txt': 'other' });
  await using third = await packFolder(folder);
  expect(third.sha256).not.toBe(first.sha256);
});

test('links are left out and counted', async () => {
  await write({ 'a.txt': '1' });
  await symlink('/etc/passwd', join(folder, 'link'));
  await using packed = await packFolder(folder);
  expect([await pathsOf(packed), packed.leftOut]).toEqual([['a.txt'], ['link']]);
});

test.each([
  ['that is not there', 'none', 'is not a folder'],
  ['that is a file', 'a.txt', 'is not a folder'],
  ['without files', 'empty', 'has no files'],
])('a folder %s is refused', async (_, name, reason) => {
  await write({ 'a.txt': '1' });
  await mkdir(join(folder, 'empty'));
  await expect(packFolder(join(folder, name))).rejects.toThrow(reason);
});
