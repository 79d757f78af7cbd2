import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artifactBlob, type ArchivedJob, type Blobs } from '@remuda/domain';
import { EndedJobs, RedisSnapshots, connectRedis, redisKeys, type RedisConnection } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import type { Store } from '@remuda/store';
import { MemoryBlobs, jobRef } from '@remuda/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileRemover } from '../../../apps/api/src/history/left-files.js';
import { Projector } from '../../../apps/api/src/history/projector.js';
import { archivedJob } from '../../contract/store/archived-job.js';
import { openStore } from '../../contract/store/open-store.js';
import { startRedis, type TestRedis } from '../redis.js';

let server: TestRedis;
let redis: RawConnection;
let connections: readonly RedisConnection[];
let folder: string;
let store: Store;
const keys = redisKeys('left-files');
beforeAll(async () => {
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
  connections = [connectRedis(server.url, { name: 'reader' }), connectRedis(server.url, { name: 'writer' })];
  folder = await mkdtemp(join(tmpdir(), 'remuda-left-'));
  store = await openStore({ folder });
}, 300_000);
afterAll(async () => {
  await store.close();
  for (const connection of connections) connection.close();
  redis.disconnect();
  await server.close();
  await rm(folder, { recursive: true });
});

const digests = { sha256: '0'.repeat(64), listSha256: '0'.repeat(64) };
const kept = { at: 0, lease: 1, copy: 'a'.repeat(16), files: 1, bytes: 1, ...digests };
const namesOf = (job: string): readonly string[] => [artifactBlob.list(job, kept), artifactBlob.archive(job, kept)];
/** A job that is over and due, with artifacts. */
const leaving = (id: string): ArchivedJob => {
  const one = archivedJob(id);
  return { ...one, job: { ...one.job, keptArtifacts: kept } };
};
const patience = { timeout: 60_000 };

async function* content(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from('x'));
}

/** A projector that forgets each job at once, with the files of a place; ends with the test. */
function forgetting(blobs: Pick<Blobs, 'remove'>): AsyncDisposable & { readonly warned: readonly string[] } {
  const [reader, writer] = connections as [RedisConnection, RedisConnection];
  const warned: string[] = [];
  const projector = new Projector({
    ends: new EndedJobs(reader, writer, keys),
    store,
    rules: { jobMs: { succeeded: 0 }, contentMs: {} },
    clock: systemClock,
    log: { warn: (_: object, message: string) => void warned.push(message) },
    removeFiles: fileRemover(blobs, new RedisSnapshots(writer, keys)),
  });
  projector.start();
  return { warned, [Symbol.asyncDispose]: () => projector.stop() };
}

test('what only a forgotten job refers to goes with its record, and nothing else', async () => {
  const blobs = new MemoryBlobs();
  for (const name of ['j-1', 'j-2', 'j-3'].flatMap(namesOf)) await blobs.put(name, content());
  // j-2 is still in Redis, and the archive knows nothing of j-3
  await store.archive.keep([leaving('j-1'), leaving('j-2'), archivedJob('j-4')]);
  await redis.hset(keys.job('j-2'), { state: 'succeeded', keptArtifacts: JSON.stringify(kept) });
  await using _ = forgetting(blobs);
  for (const id of ['j-1', 'j-2', 'j-4'])
    await expect.poll(() => store.archive.find(jobRef(id)), patience).toBeUndefined();
  const left = (await blobs.list()).map(({ name }) => name);
  expect(left).toEqual(['j-2', 'j-3'].flatMap(namesOf));
});

test('a record stays until its files can be removed, and the archive is filled meanwhile', async () => {
  const blobs = new MemoryBlobs();
  for (const name of namesOf('j-5')) await blobs.put(name, content());
  await store.archive.keep([leaving('j-5')]);
  {
    await using away = forgetting({ remove: () => Promise.reject(new Error('The bucket does not answer.')) });
    await expect
      .poll(() => away.warned, patience)
      .toEqual([expect.stringContaining('until their files can be removed')]);
    await redis.xadd(keys.ends, '*', 'id', 'j-unknown');
    await expect.poll(() => redis.xlen(keys.ends), patience).toBe(0);
    expect(await store.archive.find(jobRef('j-5'))).toMatchObject({ id: 'j-5' });
  }
  await using _ = forgetting(blobs);
  await expect.poll(() => store.archive.find(jobRef('j-5')), patience).toBeUndefined();
  expect(await blobs.list()).toEqual([]);
});
