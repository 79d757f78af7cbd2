import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileBlobs } from './file-blobs.js';

let folder: string;
let blobs: FileBlobs;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-blobs-'));
  blobs = new FileBlobs(folder, { maxBytes: 10, maxTotalBytes: 15 });
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

async function textOf(name: string): Promise<string | undefined> {
  const blob = await blobs.get(name);
  if (!blob) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of blob.content) parts.push(part);
  const text = Buffer.concat(parts).toString();
  expect(text).toHaveLength(blob.bytes);
  return text;
}

test('what was put is had again, and is gone once removed', async () => {
  expect(await blobs.put('job.1', chunks('ab', 'cd'))).toEqual({ kind: 'stored', bytes: 4 });
  expect(await textOf('job.1')).toBe('abcd');
  expect(await blobs.list()).toMatchObject([{ name: 'job.1', bytes: 4 }]);
  await blobs.remove('job.1');
  await blobs.remove('job.1');
  expect(await textOf('job.1')).toBeUndefined();
});

test('the last one under a name counts', async () => {
  await blobs.put('job.1', chunks('first'));
  await blobs.put('job.1', chunks('last'));
  expect(await textOf('job.1')).toBe('last');
});

test('what breaks off leaves nothing behind, and keeps what was there', async () => {
  await blobs.put('job.1', chunks('whole'));
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    throw await Promise.resolve(new Error('cut'));
  }
  await expect(blobs.put('job.1', broken())).rejects.toThrow('cut');
  expect(await textOf('job.1')).toBe('whole');
  expect(await readdir(folder)).toEqual(['job.1']);
});

test('what is too large is not kept, to the byte', async () => {
  expect(await blobs.put('job.1', chunks('0123456789'))).toMatchObject({ kind: 'stored' });
  expect(await blobs.put('job.2', chunks('012345', '67890'))).toEqual({ kind: 'too_large' });
  expect(await readdir(folder)).toEqual(['job.1']);
});

test('all together take no more than they may', async () => {
  await blobs.put('job.1', chunks('0123456789'));
  await blobs.put('job.2', chunks('01234'));
  expect(await blobs.put('job.3', chunks('0'))).toEqual({ kind: 'full' });
  await blobs.remove('job.1');
  expect(await blobs.put('job.3', chunks('0'))).toMatchObject({ kind: 'stored' });
});

test('what a dead process left half-way is tidied away', async () => {
  await blobs.put('job.1', chunks('whole'));
  await writeFile(join(folder, '.draft-1'), 'half');
  expect(await blobs.list()).toHaveLength(1);
  await blobs.tidy();
  expect(await readdir(folder)).toEqual(['job.1']);
});

test.each(['../job.1', '.draft-1', 'a/b', '', 'A'])('%j names no blob', async (name) => {
  await expect(blobs.put(name, chunks('x'))).rejects.toThrow("can't name a blob");
  await expect(blobs.get(name)).rejects.toThrow("can't name a blob");
  await expect(blobs.remove(name)).rejects.toThrow("can't name a blob");
});
