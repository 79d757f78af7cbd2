import { createHash } from 'node:crypto';
import type { Artifact } from '@remuda/domain';
import { Header } from 'tar';
import { expect, test } from 'vitest';
import { keptFiles } from './kept-files.js';
import { tarEntries } from './tar-entries.js';
import { tarEnd, tarPadding } from './tar-writer.js';

const limits = { maxEntries: 5, maxBytes: 10_000 };

interface Sent {
  readonly path: string;
  readonly content?: string;
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'FIFO';
}

function packed(entries: readonly Sent[]): Buffer {
  const blocks = entries.flatMap(({ path, content = '', type = 'File' }) => {
    const block = Buffer.alloc(512);
    const size = Buffer.byteLength(content);
    const to = type.endsWith('Link') ? { linkpath: '/etc/passwd' } : {};
    new Header({ path, type, size, mode: 0o4777, uid: 0, uname: 'root', mtime: new Date(5e11), ...to }).encode(block);
    return [block, Buffer.from(content), tarPadding(size)];
  });
  return Buffer.concat([...blocks, tarEnd]);
}

async function* inChunks(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < content.length; from += size)
    yield await Promise.resolve(content.subarray(from, from + size));
}

async function keep(content: Buffer, chunk = 700): Promise<{ list: Artifact[]; archive: Buffer }> {
  const list: Artifact[] = [];
  const chunks: Uint8Array[] = [];
  for await (const each of keptFiles(inChunks(content, chunk), limits, list)) chunks.push(each);
  return { list, archive: Buffer.concat(chunks) };
}

const long = `${'deep/'.repeat(30)}name.txt`;

test.each([100, 512, 100_000])(
  'each file is where the list says, with its digest (chunks of %i bytes)',
  async (size) => {
    const contents = { 'a.txt': 'one', 'dist/b': 'x'.repeat(600), [long]: 'deep', empty: '' };
    const sent = Object.entries(contents).map(([path, content]) => ({ path: `./${path}`, content }));
    const { list, archive } = await keep(packed(sent), size);
    expect(list.map(({ path }) => path)).toEqual(Object.keys(contents));
    for (const { path, from, bytes, sha256 } of list) {
      const content = archive.subarray(from, from + bytes).toString();
      expect(content).toBe(contents[path]);
      expect(sha256).toBe(createHash('sha256').update(content).digest('hex'));
    }
  },
);

test('of the archive that came nothing is left but paths, contents, and whether a file is run', async () => {
  const { archive } = await keep(
    packed([
      { path: 'dist', type: 'Directory' },
      { path: 'dist/a', content: 'x' },
    ]),
  );
  const seen: object[] = [];
  for await (const { content, ...entry } of tarEntries(inChunks(archive, 512))) {
    for await (const _ of content);
    seen.push(entry);
  }
  expect(seen).toEqual([{ path: 'dist/a', kind: 'file', bytes: 1, isExecutable: true }]);
  expect(archive.includes('root')).toBe(false);
});

test.each<[string, Sent[]]>([
  ['a link', [{ path: 'a', type: 'SymbolicLink' }]],
  ['a second name of a file', [{ path: 'a', type: 'Link' }]],
  ['a device', [{ path: 'a', type: 'CharacterDevice' }]],
  ['a pipe', [{ path: 'a', type: 'FIFO' }]],
  ['a path that leads out', [{ path: '../a' }]],
  ['an absolute path', [{ path: '/etc/a' }]],
  ['a file below a file', [{ path: 'a' }, { path: 'a/b' }]],
  ['a file twice', [{ path: 'a' }, { path: './a' }]],
  ['too many files', ['a', 'b', 'c', 'd', 'e', 'f'].map((path) => ({ path }))],
  ['too many bytes', [{ path: 'a', content: 'x'.repeat(10_001) }]],
])('with %s an archive is refused as a whole', async (_, entries) => {
  await expect(keep(packed(entries))).rejects.toMatchObject({ code: 'upload.invalid' });
});

test.each<[string, Buffer]>([
  ['no archive', Buffer.from('x'.repeat(2_000))],
  ['one that ends too soon', packed([{ path: 'a', content: 'x'.repeat(2_000) }]).subarray(0, 1_024)],
  ['headers without end', packed(Array.from({ length: 200 }, () => ({ path: 'a', type: 'Directory' as const })))],
])('%s is refused', async (_, content) => {
  await expect(keep(content)).rejects.toMatchObject({ code: 'upload.invalid' });
});
