import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { openBlobs, readBlobPlace, type BlobLimits } from '@remuda/blobs';
import type { Blobs } from '@remuda/domain';
import { makeOwnFolder } from '@remuda/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startS3, type TestS3 } from '../../s3.js';
import { blobsContract } from './blobs.contract.js';

let s3: TestS3;
let runs = 0;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.close());

const small = { maxBytes: 10, maxTotalBytes: 15 };
const large = { maxBytes: 50_000_000, maxTotalBytes: 100_000_000 };

/** A room at a URL, as an app opens it. */
function roomAt(url: string, limits: BlobLimits, namespace = `n-${String(++runs)}`): Blobs {
  const { AWS_ACCESS_KEY_ID: keyId, AWS_SECRET_ACCESS_KEY: secret } = s3.env;
  const makeFolder = (path: string): void => {
    makeOwnFolder(path, 0o700);
  };
  return openBlobs({ place: readBlobPlace(url), namespace, room: 'uploads', limits, keyId, secret, makeFolder });
}

async function inFolder(limits: BlobLimits) {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-blobs-'));
  return { blobs: roomAt(pathToFileURL(folder).href, limits), close: () => rm(folder, { recursive: true }) };
}

blobsContract('The one in a folder', () => inFolder(small));

blobsContract('The one in a bucket', () =>
  Promise.resolve({ blobs: roomAt(s3.url, small), close: () => Promise.resolve() }),
);

describe('in a folder', () => {
  test('a disk that fills up while something is stored is full, and what was there is kept', async ({ skip }) => {
    const { folder, unmount } = await mountSmall(256 * 1024);
    if (unmount === undefined) skip('no disk can be mounted here');
    try {
      const blobs = roomAt(pathToFileURL(join(folder, 'blobs')).href, large);
      expect(await blobs.put('small', inChunks(Buffer.from('kept')))).toMatchObject({ kind: 'stored' });
      expect(await blobs.put('large', inChunks(randomBytes(1_000_000)))).toEqual({ kind: 'full' });
      expect((await blobs.list()).map(({ name }) => name)).toEqual(['small']);
      expect(await blobs.put('more', inChunks(randomBytes(100_000)))).toMatchObject({ kind: 'stored' });
    } finally {
      await unmount?.();
      await rm(folder, { recursive: true });
    }
  });
});

describe('in a bucket', () => {
  test('what is larger than a piece arrives whole, and nothing of what breaks off is left', async () => {
    const blobs = roomAt(s3.url, large);
    const content = randomBytes(20_000_000);
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(await blobs.put('large', inChunks(content))).toEqual({ kind: 'stored', bytes: content.length, sha256 });
    const parts: Uint8Array[] = [];
    for await (const part of (await blobs.get('large'))?.content ?? []) parts.push(part);
    expect(createHash('sha256').update(Buffer.concat(parts)).digest('hex')).toBe(sha256);
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* inChunks(content);
      throw new Error('cut');
    }
    await expect(blobs.put('cut', broken())).rejects.toThrow('cut');
    expect((await blobs.list()).map(({ name }) => name)).toEqual(['large']);
  });

  test('a long list is whole', async () => {
    const blobs = roomAt(s3.url, large);
    const names = Array.from({ length: 1_100 }, (_, i) => `b-${String(i)}`);
    for (let from = 0; from < names.length; from += 50)
      await Promise.all(names.slice(from, from + 50).map((name) => blobs.put(name, inChunks(Buffer.from(name)))));
    expect((await blobs.list()).map(({ name }) => name).sort()).toEqual(names.sort());
  });

  test('rooms of clusters that share it are apart', async () => {
    const [one, other] = [roomAt(s3.url, small, 'one'), roomAt(s3.url, small, 'other')];
    await one.put('job.1', inChunks(Buffer.from('x')));
    expect([await one.list(), await other.list()]).toMatchObject([[{ name: 'job.1' }], []]);
  });

  test('where it does not answer the fault is blobs.unavailable, and names no key', async () => {
    const away = await startS3();
    await away.close();
    const blobs = roomAt(away.url, small);
    const faults = [blobs.put('a', inChunks(Buffer.from('x'))), blobs.get('a'), blobs.list(), blobs.remove('a')];
    for (const fault of faults) {
      await expect(fault).rejects.toMatchObject({ code: 'blobs.unavailable' });
      await expect(fault).rejects.not.toThrow(s3.env.AWS_SECRET_ACCESS_KEY);
    }
  });
});

/** A file system of this size, where this user may mount one. */
async function mountSmall(bytes: number): Promise<{ folder: string; unmount?: () => Promise<unknown> }> {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-disk-'));
  const run = promisify(execFile);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${String(bytes)},mode=755`, 'tmpfs', folder]);
    return { folder, unmount: () => run('umount', [folder]) };
  } catch {
    return { folder };
  }
}

async function* inChunks(content: Buffer, bytes = 65_000): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < content.length; from += bytes)
    yield await Promise.resolve(content.subarray(from, from + bytes));
}
