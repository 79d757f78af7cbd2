import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { FileBlobs } from '@remuda/blobs';
import { artifactBlob, snapshotName, uploadBlob } from '@remuda/domain';
import {
  artifactsPath,
  bridgeTokenHeader,
  originPath,
  pushPath,
  readSnapshot,
  snapshotNoteHeader,
  snapshotPath,
  workspacePath,
} from '@remuda/protocol';
import { RedisSnapshots, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { MemoryBlobs } from '@remuda/testing';
import { sweepUploads } from '../../../apps/bridge/src/snapshots/sweep-uploads.js';
import { sweepSnapshots } from '../../../apps/bridge/src/snapshots/sweep.js';
import { startS3 } from '../../s3.js';
import { runBridge, type RunningBridge } from './running-bridge.js';

const sessionId = 'e5841831-5c2f-4a94-afbe-415963a94fa3';
const note = { sessionId, at: 17, sessionBytes: 3 };
const keys = redisKeys('remuda');

interface Scene extends AsyncDisposable {
  readonly bridge: RunningBridge;
  readonly redis: RawConnection;
  readonly folder: string;
  /** Which worker has a token: each comes by its own listener. */
  readonly holders: Map<string, string>;
}

/** A bridge, and a running job `job-1` with the token `t`. */
async function setScene(env: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const bridge = await runBridge(env);
  const redis = connectRaw(bridge.redis.url, { name: 'snapshot-test' });
  const scene = {
    bridge,
    redis,
    holders: new Map<string, string>(),
    folder: join(bridge.folder, 'blobs', 'remuda', 'snapshots'),
    [Symbol.asyncDispose]: async () => {
      redis.disconnect();
      await bridge[Symbol.asyncDispose]();
    },
  };
  await runs(scene, 't', { job: 'job-1', worker: 'w-1', lease: 1 });
  return scene;
}

/** Makes a job one that a worker carries out under a lease, as an assignment does. */
async function runs(
  { bridge, redis, holders }: Scene,
  token: string,
  held: { job: string; worker: string; lease: number },
) {
  await redis.hset(keys.job(held.job), { state: 'running', worker: held.worker, lease: held.lease });
  holders.set(token, held.worker);
  await bridge.grant(token, held);
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Asks the listener; a body may be cut off after so many bytes, or its second half wait for something. */
function ask(
  { bridge, holders }: Scene,
  method: string,
  token: string | undefined,
  more: {
    note?: object;
    body?: Buffer;
    path?: string;
    cutAfter?: number;
    cutWhen?: Promise<void>;
    restWhen?: Promise<void>;
  } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      socketPath: bridge.sockets(holders.get(token ?? '') ?? 'w-1').snapshot,
      method,
      path: more.path ?? snapshotPath,
      headers: {
        ...(token === undefined ? {} : { [bridgeTokenHeader]: token }),
        ...(more.note ? { [snapshotNoteHeader]: JSON.stringify(more.note) } : {}),
      },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      response.toArray().then((chunks: Buffer[]) => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) });
        outgoing.destroy();
      }, reject);
    });
    if (more.cutAfter !== undefined) {
      outgoing.write(more.body?.subarray(0, more.cutAfter), () => {
        void (more.cutWhen ?? sleep(50)).then(() => outgoing.destroy());
      });
    } else if (more.body && more.restWhen) {
      const half = more.body.length >> 1;
      outgoing.write(more.body.subarray(0, half));
      more.restWhen.then(() => outgoing.end(more.body?.subarray(half)), reject);
    } else if (method === 'GET') outgoing.end();
    else {
      outgoing.write(more.body ?? '');
      outgoing.end();
    }
  });
}

const hash = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

async function recorded({ redis }: Scene, job = 'job-1'): Promise<unknown> {
  const text = await redis.hget(keys.job(job), 'snapshot');
  return text === null ? undefined : JSON.parse(text);
}

/** The name of the blob that the record names. */
async function notedName({ redis }: Scene, job = 'job-1'): Promise<string> {
  const snapshot = readSnapshot((await redis.hget(keys.job(job), 'snapshot')) ?? '');
  return snapshot ? snapshotName(job, snapshot) : 'none';
}

test('a snapshot is kept whole, noted in the record, and given to the next attempt of the same job', async () => {
  await using scene = await setScene();
  const body = randomBytes(3_000_000);
  expect((await ask(scene, 'PUT', 't', { note: { ...note, base: 'b'.repeat(40) }, body })).status).toBe(204);
  expect(await recorded(scene)).toEqual({
    ...{ ...note, base: 'b'.repeat(40), lease: 1, bytes: body.length, sha256: hash(body) },
    copy: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
  });
  await runs(scene, 't2', { job: 'job-1', worker: 'w-2', lease: 2 });
  const had = await ask(scene, 'GET', 't2');
  expect(had.status).toBe(200);
  expect(hash(had.body)).toBe(hash(body));
  expect((await stat(join(scene.folder, await notedName(scene)))).mode & 0o777).toBe(0o600);
});

test("the next lease's snapshot takes the place of the one before", async () => {
  await using scene = await setScene();
  await ask(scene, 'PUT', 't', { note, body: Buffer.from('one') });
  await runs(scene, 't2', { job: 'job-1', worker: 'w-2', lease: 2 });
  await ask(scene, 'PUT', 't2', { note, body: Buffer.from('two') });
  expect(await readdir(scene.folder)).toEqual([await notedName(scene)]);
  expect((await ask(scene, 'GET', 't2')).body.toString()).toBe('two');
});

test('of a turn that is over the snapshot is taken while its session waits for it, and for its token nothing is given', async () => {
  await using scene = await setScene();
  const { redis } = scene;
  const name = createHash('sha256').update('t').digest('hex');
  await redis.rename(keys.bridgeToken(name), keys.keepToken(name));
  await redis.hset(keys.job('job-1'), { state: 'succeeded', saving: '1' });
  expect((await ask(scene, 'PUT', 't', { note: { ...note, whole: true }, body: Buffer.from('one') })).status).toBe(204);
  expect(await recorded(scene)).toMatchObject({ whole: true, lease: 1 });
  expect(await redis.hget(keys.job('job-1'), 'whole')).toBe('1');
  const others = [
    ['GET', snapshotPath],
    ['GET', originPath],
    ['GET', workspacePath],
    ['PUT', artifactsPath],
    ['PUT', pushPath],
  ] as const;
  for (const [method, path] of others)
    expect((await ask(scene, method, 't', { path, note, body: Buffer.from('x') })).status, `${method} ${path}`).toBe(
      401,
    );
  await redis.hdel(keys.job('job-1'), 'saving');
  expect((await ask(scene, 'PUT', 't', { note, body: Buffer.from('two') })).status).toBe(401);
});

test('one whose bytes were changed on the disk is not given', async () => {
  await using scene = await setScene();
  await ask(scene, 'PUT', 't', { note, body: Buffer.from('what was stored') });
  await writeFile(join(scene.folder, await notedName(scene)), 'what was forged');
  expect(await ask(scene, 'GET', 't')).toMatchObject({ status: 410, body: Buffer.alloc(0) });
});

test('of a large one whose end was changed on the disk the end never comes, and then it is said', async () => {
  await using scene = await setScene();
  const body = randomBytes(1_000_000);
  await ask(scene, 'PUT', 't', { note, body });
  await writeFile(
    join(scene.folder, await notedName(scene)),
    Buffer.concat([body.subarray(0, -1), Buffer.from([(body.at(-1) ?? 0) ^ 1])]),
  );
  await expect(ask(scene, 'GET', 't')).rejects.toThrow();
  expect(await ask(scene, 'GET', 't')).toMatchObject({ status: 410 });
});

test('a bucket has them as a folder does, and while it is away the answer is 503', async () => {
  await using s3 = await startS3();
  await using scene = await setScene({ ...s3.env, REMUDA_BLOBS_URL: s3.url });
  const body = randomBytes(300_000);
  expect((await ask(scene, 'PUT', 't', { note, body })).status).toBe(204);
  await runs(scene, 't2', { job: 'job-1', worker: 'w-2', lease: 2 });
  expect(hash((await ask(scene, 'GET', 't2')).body)).toBe(hash(body));
  await s3.close();
  expect((await ask(scene, 'GET', 't2')).status).toBe(503);
  expect((await ask(scene, 'PUT', 't2', { note, body })).status).toBe(503);
});

test('a job gets the files of its own upload, and a session’s if it is of its tenant', async () => {
  await using scene = await setScene();
  const id = `u-${'a'.repeat(32)}`;
  const spec = (workspace: object): string => JSON.stringify({ workspace });
  const get = () => ask(scene, 'GET', 't', { path: workspacePath });
  expect((await get()).status).toBe(404);
  await scene.redis.hset(keys.job('job-1'), 'spec', spec({ kind: 'upload', upload: id }));
  expect((await get()).status).toBe(404);
  const folder = join(scene.bridge.folder, 'blobs', 'remuda', 'uploads');
  await writeFile(join(folder, uploadBlob.content(id)), 'packed');
  await writeFile(join(folder, uploadBlob.record(id)), JSON.stringify({ storedSha256: hash(Buffer.from('packed')) }));
  expect((await get()).body.toString()).toBe('packed');
  await writeFile(join(folder, uploadBlob.content(id)), 'forged');
  expect((await get()).status).toBe(410);

  await ask(scene, 'PUT', 't', { note, body: Buffer.from('abcfiles') });
  const snapshot = (await scene.redis.hget(keys.job('job-1'), 'snapshot')) ?? '';
  const session = { snapshot, snapshotJob: 'job-1', tenant: 'default' };
  await scene.redis.hset(keys.session('s-1'), session);
  await scene.redis.hset(keys.job('job-1'), 'spec', spec({ kind: 'snapshot', session: 's-1' }));
  expect((await get()).body.toString()).toBe('files');
  await scene.redis.hset(keys.session('s-1'), 'tenant', 'other');
  expect((await get()).status).toBe(404);
});

test('a job begins with what another job of its tenant has left', async () => {
  await using scene = await setScene();
  const get = () => ask(scene, 'GET', 't', { path: '/workspace' });
  const workspace = { kind: 'snapshot', job: 'job-9' };
  const begin = (spec: object) =>
    scene.redis.hset(keys.job('job-1'), 'spec', JSON.stringify({ prompt: 'x', workspace: spec }));
  await begin(workspace);
  expect((await get()).status).toBe(404);
  const named = { lease: 1, copy: 'a'.repeat(16) };
  const archive = join(scene.bridge.folder, 'blobs', 'remuda', 'artifacts', artifactBlob.archive('job-9', named));
  await writeFile(archive, 'files');
  const kept = { at: 1, ...named, files: 1, bytes: 5, sha256: hash(Buffer.from('files')), listSha256: 'b'.repeat(64) };
  await begin({ ...workspace, kept });
  expect(gunzipSync((await get()).body).toString()).toBe('files');
  await begin(workspace);
  await scene.redis.hset(keys.job('job-9'), { keptArtifacts: JSON.stringify(kept), tenant: 'default' });
  expect(gunzipSync((await get()).body).toString()).toBe('files');
  await scene.redis.hset(keys.job('job-9'), 'tenant', 'other');
  expect((await get()).status).toBe(404);
  await scene.redis.hset(keys.job('job-9'), 'tenant', 'default');
  await writeFile(archive, 'other');
  const broken = await get().then(
    ({ status }) => status,
    () => 'broke off',
  );
  expect([410, 'broke off']).toContain(broken);
});

test('uploads are swept once no job needs them', async () => {
  await using scene = await setScene();
  const [id, other] = [`u-${'a'.repeat(32)}`, `u-${'b'.repeat(32)}`];
  const uploads = new MemoryBlobs();
  for (const name of [uploadBlob.record(id), uploadBlob.content(id), uploadBlob.use(id, 'job-1')])
    await uploads.put(name, none());
  await uploads.put(uploadBlob.content(other), none());
  const store = new RedisSnapshots(scene.redis, keys);
  const clock = { now: () => 1e9, monotonic: () => performance.now(), sleep: () => Promise.resolve() };
  const sweep = { uploads, store, uploadKeepMs: 1_000_000, clock };
  expect(await sweepUploads(sweep, 'emergency')).toBe(1);
  expect(await uploads.list(id)).toHaveLength(3);
  await scene.redis.hset(keys.job('job-1'), 'state', 'succeeded');
  expect(await sweepUploads(sweep, 'enough')).toBe(3);
  expect(await uploads.list()).toEqual([]);
});

async function* none(): AsyncGenerator<Uint8Array> {
  // no chunk
}

test('without a token, or with one that is not good, nothing is kept and nothing given', async () => {
  await using scene = await setScene();
  await ask(scene, 'PUT', 't', { note, body: Buffer.from('mine') });
  for (const token of [undefined, '', 'guessed', 'remuda-idle']) {
    expect((await ask(scene, 'GET', token)).status).toBe(401);
    expect((await ask(scene, 'PUT', token, { note, body: Buffer.from('theirs') })).status).toBe(401);
  }
  await scene.bridge.revoke('t');
  expect((await ask(scene, 'GET', 't')).status).toBe(401);
  expect((await ask(scene, 'PUT', 't', { note, body: Buffer.from('late') })).status).toBe(401);
});

test("a token opens its own job's snapshot only, whatever path is asked for", async () => {
  await using scene = await setScene();
  await ask(scene, 'PUT', 't', { note, body: Buffer.from("the victim's") });
  await runs(scene, 'other', { job: 'job-2', worker: 'w-2', lease: 1 });
  expect((await ask(scene, 'GET', 'other')).status).toBe(404);
  for (const path of ['/snapshot/job-1', '/snapshot?job=job-1', '/snapshot/../job-1.1', '/job-1.1'])
    expect((await ask(scene, 'GET', 'other', { path })).status).toBe(400);
  await ask(scene, 'PUT', 'other', { note: { ...note, job: 'job-1', lease: 1 }, body: Buffer.from('forged') });
  expect((await ask(scene, 'GET', 't')).body.toString()).toBe("the victim's");
});

test('what an attempt sends after its lease has ended is not kept', async () => {
  await using scene = await setScene();
  // The grant of the first lease stands for a moment longer, as in a race.
  await scene.redis.hset(keys.job('job-1'), { worker: 'w-2', lease: 2 });
  expect((await ask(scene, 'PUT', 't', { note, body: Buffer.from('late') })).status).toBe(401);
  expect(await recorded(scene)).toBeUndefined();
  expect(await readdir(scene.folder)).toEqual([]);
  await scene.redis.hset(keys.job('job-1'), { worker: 'w-1', lease: 1, state: 'cancelled' });
  expect((await ask(scene, 'PUT', 't', { note, body: Buffer.from('late') })).status).toBe(401);
});

test('one that is refused at its end leaves the good one of the same lease alone', async () => {
  await using scene = await setScene();
  await ask(scene, 'PUT', 't', { note, body: Buffer.from('good') });
  const good = await notedName(scene);
  await scene.redis.hset(keys.job('job-1'), { worker: 'w-2', lease: 2 });
  expect((await ask(scene, 'PUT', 't', { note, body: Buffer.from('late') })).status).toBe(401);
  expect(await readdir(scene.folder)).toEqual([good]);
  await runs(scene, 't2', { job: 'job-1', worker: 'w-2', lease: 2 });
  expect((await ask(scene, 'GET', 't2')).body.toString()).toBe('good');
});

test('where Redis goes away before the note the answer is 503, and the record goes on naming a whole one', async () => {
  await using scene = await setScene();
  await ask(scene, 'PUT', 't', { note, body: Buffer.from('good') });
  let away = (): void => undefined;
  const restWhen = new Promise<void>((resolve) => (away = resolve));
  const late = ask(scene, 'PUT', 't', { note: { ...note, sessionBytes: 1 }, body: Buffer.from('late'), restWhen });
  await vi.waitFor(async () => expect(await readdir(scene.folder)).toHaveLength(2));
  await scene.bridge.redis.stop();
  away();
  expect((await late).status).toBe(503);
  await scene.bridge.redis.start();
  await vi.waitFor(async () => expect((await ask(scene, 'GET', 't')).status).toBe(200));
  expect((await ask(scene, 'GET', 't')).body.toString()).toBe('good');
  expect(await recorded(scene)).toMatchObject({ sessionBytes: 3 });
});

test('what breaks off is not kept, and the one before stays', async () => {
  await using scene = await setScene();
  await ask(scene, 'PUT', 't', { note, body: Buffer.from('whole') });
  await ask(scene, 'PUT', 't', { note, body: randomBytes(100_000), cutAfter: 50_000 }).catch(() => undefined);
  await vi.waitFor(async () => expect(await readdir(scene.folder)).toEqual([await notedName(scene)]));
  expect((await ask(scene, 'GET', 't')).body.toString()).toBe('whole');
});

test('one that is too large is refused, and so is any when all together are', async () => {
  await using scene = await setScene({ REMUDA_SNAPSHOT_MAX_MB: '1', REMUDA_SNAPSHOT_TOTAL_MB: '2' });
  expect((await ask(scene, 'PUT', 't', { note, body: randomBytes(5_000_000) })).status).toBe(413);
  expect(await readdir(scene.folder)).toEqual([]);
  expect(await recorded(scene)).toBeUndefined();
  await writeFile(join(scene.folder, 'job-9.1'), randomBytes(2_100_000));
  expect((await ask(scene, 'PUT', 't', { note, body: Buffer.from('small') })).status).toBe(507);
});

test('a note that could be a path or an option is refused', async () => {
  await using scene = await setScene();
  for (const bad of [
    {},
    { ...note, sessionId: '../../x' },
    { ...note, sessionId: '--settings' },
    { ...note, base: '-x' },
  ])
    expect((await ask(scene, 'PUT', 't', { note: bad, body: Buffer.from('x') })).status).toBe(400);
  expect((await ask(scene, 'DELETE', 't')).status).toBe(400);
  expect(await readdir(scene.folder)).toEqual([]);
});

test('two at once for one job: the second is told that the first is under way', async () => {
  await using scene = await setScene();
  let cut = (): void => undefined;
  const cutWhen = new Promise<void>((resolve) => (cut = resolve));
  const half = { note, body: randomBytes(100_000), cutAfter: 50_000, cutWhen };
  const first = ask(scene, 'PUT', 't', half).catch(() => undefined);
  await vi.waitFor(async () => expect(await readdir(scene.folder)).toHaveLength(1));
  expect((await ask(scene, 'PUT', 't', { note, body: Buffer.from('second') })).status).toBe(409);
  cut();
  await first;
});

test('a sweep removes the snapshots of jobs that are over, and no others', async () => {
  await using scene = await setScene();
  await ask(scene, 'PUT', 't', { note, body: Buffer.from('mine') });
  const sweep = {
    blobs: new FileBlobs(scene.folder, { maxBytes: 1, maxTotalBytes: 1 }),
    store: new RedisSnapshots(scene.redis, keys),
    keepMs: 60_000,
  };
  const clock = { now: () => Date.now(), monotonic: () => performance.now(), sleep: () => Promise.resolve() };
  expect(await sweepSnapshots({ ...sweep, clock })).toBe(0);
  expect(await readdir(scene.folder)).toEqual([await notedName(scene)]);
  await scene.redis.hset(keys.job('job-1'), 'state', 'succeeded');
  expect(await sweepSnapshots({ ...sweep, clock })).toBe(1);
  expect(await readdir(scene.folder)).toEqual([]);
});
