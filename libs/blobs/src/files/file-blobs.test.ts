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

test('what breaks off, or is too large, leaves no file behind', async () => {
  await blobs.put('job.1', chunks('whole'));
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    throw await Promise.resolve(new Error('cut'));
  }
  await expect(blobs.put('job.1', broken())).rejects.toThrow('cut');
  expect(await blobs.put('job.2', chunks('012345', '67890'))).toEqual({ kind: 'too_large' });
  expect(await readdir(folder)).toEqual(['job.1']);
});

test('what a dead process left half-way is tidied away', async () => {
  await blobs.put('job.1', chunks('whole'));
  await writeFile(join(folder, '.draft-1'), 'half');
  expect(await blobs.list()).toHaveLength(1);
  await blobs.tidy(Date.now() + 60_000);
  expect(await readdir(folder)).toEqual(['job.1']);
});

test('what another bridge is just writing to the same folder is not tidied away', async () => {
  const other = new FileBlobs(folder, { maxBytes: 10, maxTotalBytes: 15 });
  async function* whileTidied(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    await other.tidy(Date.now() - 60_000);
    yield Buffer.from('way');
  }
  expect(await blobs.put('job.1', whileTidied())).toMatchObject({ kind: 'stored', bytes: 7 });
  expect(await readdir(folder)).toEqual(['job.1']);
});

test('where the disk has less free than it must have, nothing is stored', async () => {
  const limits = { maxBytes: 10, maxTotalBytes: 15 };
  const free = await blobs.freeBytes();
  const short = new FileBlobs(folder, { ...limits, minFreeBytes: 2 * free });
  expect(await short.put('job.1', chunks('x'))).toEqual({ kind: 'full' });
  const enough = new FileBlobs(folder, { ...limits, minFreeBytes: free / 2 });
  expect(await enough.put('job.1', chunks('x'))).toMatchObject({ kind: 'stored' });
});
