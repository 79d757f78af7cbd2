import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { artifactBlob, type Artifact, type KeptArtifacts } from '@remuda/domain';
import { artifactsFaultHeader, artifactsPath, bridgeTokenHeader, readKeptArtifacts } from '@remuda/protocol';
import { RedisSnapshots, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { MemoryBlobs } from '@remuda/testing';
import { sweepArtifacts } from '../../../apps/bridge/src/snapshots/sweep-artifacts.js';
import { runBridge, type RunningBridge } from './running-bridge.js';

const keys = redisKeys('remuda');

let bridge: RunningBridge;
let redis: RawConnection;
beforeAll(async () => {
  bridge = await runBridge({ REMUDA_ARTIFACTS_MAX_MB: '1', REMUDA_ARTIFACTS_TOTAL_MB: '40' });
  redis = connectRaw(bridge.redis.url, { name: 'artifacts-test' });
}, 60_000);
afterAll(async () => {
  redis.disconnect();
  await bridge[Symbol.asyncDispose]();
});

/** Makes a job one that `w-1` carries out under a lease, with its own name as the token. */
async function runs(job: string, lease = 1): Promise<void> {
  await redis.hset(keys.job(job), { state: 'running', worker: 'w-1', lease });
  await bridge.grant(job, { job, worker: 'w-1', lease });
}

interface Answer {
  readonly status: number;
  readonly fault: string;
}

function send(token: string, body: Buffer, method = 'PUT'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      ...{ socketPath: bridge.sockets('w-1').snapshot, method, path: artifactsPath },
      headers: { [bridgeTokenHeader]: token },
    });
    // a refusal may come while the rest is still being written
    outgoing.on('error', reject);
    outgoing.once('response', (response) => {
      response.resume();
      const fault = decodeURIComponent(String(response.headers[artifactsFaultHeader] ?? ''));
      resolve({ status: response.statusCode ?? 0, fault });
    });
    outgoing.end(body);
  });
}

/** A tar archive of a folder with these files. */
function archive(
  files: Readonly<Record<string, string | Buffer>>,
  more: (root: string) => void = () => undefined,
): Buffer {
  const root = mkdtempSync(join(bridge.folder, 'tree-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  more(root);
  return execFileSync('tar', ['-C', root, '-cf', '-', '.'], { maxBuffer: 100_000_000 });
}

const folder = (): string => join(bridge.folder, 'blobs', 'remuda', 'artifacts');
const stored = (job: string): string[] => readdirSync(folder()).filter((name) => name.startsWith(`${job}.`));

async function noted(job: string): Promise<KeptArtifacts | undefined> {
  return readKeptArtifacts((await redis.hget(keys.job(job), 'keptArtifacts')) ?? '');
}

test('what is sent is kept as an archive and a list, which the job’s record names', async () => {
  await runs('kept');
  expect(await send('kept', archive({ 'dist/a.js': 'one', 'b.txt': 'three' }))).toMatchObject({ status: 204 });
  const kept = await noted('kept');
  expect(kept).toMatchObject({ lease: 1, files: 2, bytes: 8 });
  const names = kept ? [artifactBlob.list('kept', kept), artifactBlob.archive('kept', kept)] : [];
  expect(stored('kept').sort()).toEqual(names.sort());
  const [list = '', tar = ''] = names.map((name) => join(folder(), name)).sort();
  const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
  expect([sha256(readFileSync(tar)), sha256(readFileSync(list))]).toEqual([kept?.sha256, kept?.listSha256]);
  const files = JSON.parse(readFileSync(list, 'utf8')) as Artifact[];
  const read = ({ path, from, bytes }: Artifact) => [
    path,
    readFileSync(tar)
      .subarray(from, from + bytes)
      .toString(),
  ];
  expect(Object.fromEntries(files.map(read))).toEqual({ 'dist/a.js': 'one', 'b.txt': 'three' });
});

test('those of a later attempt take the place of those before', async () => {
  await runs('again');
  await send('again', archive({ a: '1' }));
  await runs('again', 2);
  await send('again', archive({ b: '2' }));
  expect(await noted('again')).toMatchObject({ lease: 2 });
  expect(stored('again')).toHaveLength(2);
});

test.each<[string, (root: string) => void, string]>([
  ['a link', (root) => symlinkSync('/etc/passwd', join(root, 'link')), 'is a link'],
  ['a pipe', (root) => execFileSync('/usr/bin/mkfifo', [join(root, 'pipe')]), 'is a device'],
  ['more than it may', (root) => writeFileSync(join(root, 'large'), Buffer.alloc(3_000_000)), 'unpacks to more than'],
])('an archive with %s is refused as a whole, and what was kept stays', async (_, more, why) => {
  await runs('hostile');
  await send('hostile', archive({ a: 'good' }));
  const before = stored('hostile');
  const { status, fault } = await send('hostile', archive({ a: 'bad' }, more));
  expect([status, fault]).toEqual([422, expect.stringContaining(why)]);
  expect(stored('hostile')).toEqual(before);
});

test('nor is what is no archive, leads out of the workspace, or has too many files', async () => {
  await runs('odd');
  const tar = (args: string[]): Buffer => execFileSync('tar', ['-C', '/', '-P', '-cf', '-', ...args]);
  const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`f/${i}`, '']));
  for (const body of [Buffer.alloc(5_000, 'x'), tar(['/etc/hostname']), tar(['etc/../etc/hostname']), archive(many)])
    expect(await send('odd', body)).toMatchObject({ status: 422 });
  expect(stored('odd')).toEqual([]);
  expect(await noted('odd')).toBeUndefined();
});

test('without a good token, under a lease that has ended, and by another method nothing is kept', async () => {
  await runs('late');
  const body = archive({ a: '1' });
  expect(await send('guessed', body)).toMatchObject({ status: 401 });
  expect(await send('late', body, 'POST')).toMatchObject({ status: 400 });
  // The grant of the first lease stands for a moment longer, as in a race.
  await redis.hset(keys.job('late'), { lease: 2 });
  expect(await send('late', body)).toMatchObject({ status: 401 });
  await redis.hset(keys.job('late'), { lease: 1, state: 'succeeded' });
  expect(await send('late', body)).toMatchObject({ status: 401 });
  expect(stored('late')).toEqual([]);
});

test('a sweep removes what no record names, and what is old; of a job without a record, if there is no archive', async () => {
  const artifacts = new MemoryBlobs();
  const at = (job: string, copy: string) => artifactBlob.archive(job, { lease: 1, copy: copy.repeat(16) });
  for (const name of [at('swept', 'a'), at('swept', 'b'), at('forgotten', 'a')]) await artifacts.put(name, none());
  const digests = { sha256: '0'.repeat(64), listSha256: '0'.repeat(64) };
  const kept = { at: 0, lease: 1, copy: 'a'.repeat(16), files: 0, bytes: 0, ...digests };
  await redis.hset(keys.job('swept'), { state: 'succeeded', keptArtifacts: JSON.stringify(kept) });
  const [first] = await artifacts.list();
  let now = (first?.at ?? 0) + 700_000;
  const clock = { now: () => now, monotonic: () => performance.now(), sleep: () => Promise.resolve() };
  const sweep = { artifacts, store: new RedisSnapshots(redis, keys), artifactsKeepMs: 1_000_000, clock };
  await redis.set(keys.archive, '1');
  expect(await sweepArtifacts(sweep)).toBe(1);
  expect((await artifacts.list()).map(({ name }) => name).sort()).toEqual([at('forgotten', 'a'), at('swept', 'a')]);
  await redis.del(keys.archive);
  expect(await sweepArtifacts(sweep)).toBe(1);
  now += 1_000_000;
  expect(await sweepArtifacts(sweep)).toBe(1);
});

async function* none(): AsyncGenerator<Uint8Array> {
  // no chunk
}
