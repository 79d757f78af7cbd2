import { execFileSync } from 'node:child_process';
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { placeOfFile, withFile } from './with-file.js';

const limits = { maxBytes: 10_000_000, maxEntries: 1_000 };
let folder: string;
let packed: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-with-file-'));
  const tree = join(folder, 'tree');
  await mkdir(join(tree, 'src'), { recursive: true });
  await writeFile(join(tree, 'run.sh'), 'old');
  await chmod(join(tree, 'run.sh'), 0o751);
  await writeFile(join(tree, 'a'), 'shared');
  await link(join(tree, 'a'), join(tree, 'b'));
  await link(join(tree, 'a'), join(tree, 'c'));
  await symlink('src', join(tree, 'to-src'));
  await symlink('x'.repeat(150), join(tree, 'long'));
  await writeFile(join(tree, 'src', 'y'.repeat(180)), 'long name');
  execFileSync('mkfifo', [join(tree, 'pipe')]);
  // in this order: of several names of a file the first one has the content
  const names = ['./a', './b', './c', './run.sh', './src', './to-src', './long', './pipe'];
  packed = execFileSync('tar', ['-C', tree, '-czf', '-', ...names]);
});
afterAll(() => rm(folder, { recursive: true }));

async function* chunks(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 100) yield await Promise.resolve(content.subarray(at, at + 100));
}

/** Puts a file into the archive, and unpacks it as workers do. */
async function unpackedWith(path: string, text: string): Promise<string> {
  const { fault, heir } = await placeOfFile(chunks(packed), path, limits);
  expect(fault).toBeUndefined();
  const content = Buffer.from(text);
  const file = {
    path,
    bytes: content.length,
    content: chunks(content),
    at: 5_000,
    ...(heir === undefined ? {} : { heir }),
  };
  const out: Uint8Array[] = [];
  for await (const chunk of withFile(chunks(packed), file, limits)) out.push(chunk);
  const root = await mkdtemp(join(folder, 'out-'));
  execFileSync('tar', ['-C', root, '-xzpf', '-', '--no-same-owner'], { input: Buffer.concat(out) });
  return root;
}

const textOf = (root: string, path: string) => readFile(join(root, path), 'utf8');

test('a file gets another content and keeps its mode, and everything else stays as it is', async () => {
  const root = await unpackedWith('run.sh', 'new');
  expect(await textOf(root, 'run.sh')).toBe('new');
  expect((await stat(join(root, 'run.sh'))).mode & 0o777).toBe(0o751);
  expect((await readdir(root)).toSorted()).toEqual(['a', 'b', 'c', 'long', 'pipe', 'run.sh', 'src', 'to-src']);
  expect([await readlink(join(root, 'to-src')), await readlink(join(root, 'long'))]).toEqual(['src', 'x'.repeat(150)]);
  expect(await textOf(root, `src/${'y'.repeat(180)}`)).toBe('long name');
  expect((await stat(join(root, 'pipe'))).isFIFO()).toBe(true);
  expect((await stat(join(root, 'a'))).nlink).toBe(3);
});

test('a file may be a new one, in new folders, and of any length of name', async () => {
  const path = `d/${'z'.repeat(120)}/${'n'.repeat(120)}.txt`;
  expect(await textOf(await unpackedWith(path, ''), path)).toBe('');
});

test('the other names of a file that is replaced keep its content, and each other', async () => {
  const root = await unpackedWith('a', 'new');
  expect([await textOf(root, 'a'), await textOf(root, 'b'), await textOf(root, 'c')]).toEqual([
    'new',
    'shared',
    'shared',
  ]);
  const [b, c] = [await stat(join(root, 'b')), await stat(join(root, 'c'))];
  expect([b.ino === c.ino, b.nlink]).toEqual([true, 2]);
});

test('a file is put into the archive of an empty folder', async () => {
  const empty = await mkdtemp(join(folder, 'empty-'));
  const none = execFileSync('tar', ['-C', empty, '-czf', '-', '-T', '/dev/null']);
  expect(await placeOfFile(chunks(none), 'x', limits)).toEqual({});
  const out: Uint8Array[] = [];
  const file = { path: 'x', bytes: 1, content: chunks(Buffer.from('y')), at: 5 };
  for await (const chunk of withFile(chunks(none), file, limits)) out.push(chunk);
  execFileSync('tar', ['-C', empty, '-xzf', '-'], { input: Buffer.concat(out) });
  expect(await textOf(empty, 'x')).toBe('y');
});

test.each([
  ['b', 'link'],
  ['to-src', 'link'],
  ['to-src/x', 'link'],
  ['pipe', 'special file'],
  ['pipe/x', 'special file'],
  ['src', 'folder'],
  ['a/x', 'file'],
])('no file can be put at %s: there is a %s', async (path, what) => {
  expect((await placeOfFile(chunks(packed), path, limits)).fault).toContain(what);
});

test('content of another size than was said is refused', async () => {
  const read = async (bytes: number) => {
    const file = { path: 'x', bytes, content: chunks(Buffer.from('abc')), at: 5 };
    for await (const _ of withFile(chunks(packed), file, limits));
  };
  for (const bytes of [2, 4]) await expect(read(bytes)).rejects.toMatchObject({ code: 'upload.invalid' });
});
