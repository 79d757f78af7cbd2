import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { openBlobs } from '@remuda/blobs';
import { artifactBlob } from '@remuda/domain';
import type { AuditPageView } from '@remuda/protocol';
import { Forgetting, RedisDeadLetters, defaultRetention } from '@remuda/redis';
import { makeOwnFolder, systemClock } from '@remuda/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { specOf, startInProcessCluster, type Cluster } from '../cluster/in-process-cluster.js';
import { startRedis, type TestRedis } from '../redis.js';
import { LedEngines } from './led-engine.js';
import { startApi, type RunningApi, type Told } from './running-api.js';

let folder: string;
let redis: TestRedis;
let cluster: Cluster;
let api: RunningApi;
const engines = new LedEngines();
/** The database may take seconds to start where others want the machine as well. */
const patience = { timeout: 60_000 };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-history-'));
  redis = await startRedis();
  cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => engines.make() });
  api = await openApi();
  while ((await figure('remuda_archive_up')) !== 1) await sleep(50);
}, 600_000);
afterAll(async () => {
  await api.close();
  await cluster.stop();
  await redis.close();
  await rm(folder, { recursive: true, force: true });
});

const openApi = (): Promise<RunningApi> => {
  const env = {
    REMUDA_STORE_DIR: join(folder, 'store'),
    REMUDA_BLOBS_URL: pathToFileURL(join(folder, 'blobs')).href,
  };
  return startApi(redis.url, { namespace: cluster.namespace, profiles: [], env });
};
const get = async (path: string): Promise<Told> => (await api.send('GET', path)).json;
const listed = async (query: string): Promise<readonly string[]> =>
  (await get(`/api/v1/jobs?${query}`)).jobs.map(({ id }) => id);

async function figure(name: string): Promise<number> {
  const { text } = await api.send('GET', '/metrics');
  return Number(new RegExp(`^${name}{[^}]*} (.+)$`, 'm').exec(text)?.[1]);
}

/** A job that a worker has carried out. */
async function done(body: object, end: 'succeed' | 'fail' = 'succeed'): Promise<string> {
  const { id } = (await api.send('POST', '/api/v1/jobs', { prompt: 'hi', attempts: 1, ...body })).json;
  const led = await engines.next();
  led.say('I am on it.');
  if (end === 'succeed') led.succeed({ text: 'The walrus sleeps.', costUsd: 0.5 });
  else led.fail({ code: 'engine.crashed', message: 'It broke.' });
  await expect
    .poll(async () => (await get(`/api/v1/jobs/${id}`)).state, patience)
    .toBe(end === 'fail' ? 'failed' : 'succeeded');
  return id;
}

/** Has Redis forget everything that is archived. */
async function forget(...gone: readonly string[]): Promise<void> {
  // dead letters as well, as after the longest time
  const forgetting = new Forgetting(cluster.redis, cluster.keys, { ...defaultRetention, jobMs: 0, recentMs: 0 });
  await expect
    .poll(async () => {
      await forgetting.forget(systemClock.now() + 1_000);
      return cluster.redis.exists(...gone.map((id) => cluster.keys.job(id)));
    }, patience)
    .toBe(0);
}

test('what is asked of a job is answered the same once it has left Redis', async () => {
  const id = await done({ labels: { team: 'zoo' }, metadata: { deep: [1] }, prompt: 'Sing of pelicans' });
  const paths = [
    `/jobs/${id}`,
    `/jobs/${id}/result`,
    `/jobs/${id}/events`,
    `/jobs/${id}/attempts`,
    '/jobs?label=team:zoo',
  ];
  const ask = () => Promise.all(paths.map((path) => get(`/api/v1${path}`)));
  const before = await ask();
  await forget(id);
  expect(await cluster.redis.keys(`*${id}*`)).toEqual([]);
  expect(await ask()).toEqual(before);
  const stream = await api.send('GET', `/api/v1/jobs/${id}/events`, undefined, { accept: 'text/event-stream' });
  expect(stream.text).toContain('I am on it.');
  expect(stream.text).toContain('job.over');
  expect(await api.send('POST', `/api/v1/jobs/${id}/cancel`)).toMatchObject({ json: { code: 'job.cannot_cancel' } });
  expect(await api.send('POST', `/api/v1/dead-letters/${id}/redrive`)).toMatchObject({
    json: { code: 'job.not_redrivable' },
  });
});

test('words of the prompt and of the result find it, and what it cost is added up', async () => {
  const id = await done({ labels: { crew: 'words' }, prompt: 'Count the flamingos' });
  await expect.poll(() => listed('q=flamingos'), patience).toEqual([id]);
  expect(await listed('q=flamingos+walrus&state=succeeded&label=crew:words')).toEqual([id]);
  expect(await listed('q=flamingos&state=failed')).toEqual([]);
  const { days } = (await get('/api/v1/usage?label=crew')) as unknown as { days: readonly object[] };
  expect(days).toContainEqual(expect.objectContaining({ label: 'words', jobs: 1, costUsd: 0.5 }));
  expect(await api.send('GET', '/api/v1/usage?from=2026-02-31')).toMatchObject({ status: 400 });
});

test('a list is whole and in order while its jobs leave Redis, whatever the size of its pages', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) ids.unshift(await done({ labels: { row: 'one' } }));
  await forget(ids[1] ?? '', ids[4] ?? '');
  const late = await done({ labels: { row: 'one' } });
  for (const limit of [1, 2, 3, 50]) {
    const found: string[] = [];
    for (let cursor = ''; ;) {
      const page = await get(`/api/v1/jobs?label=row:one&state=succeeded&limit=${limit}${cursor}`);
      found.push(...page.jobs.map(({ id }) => id));
      if (page.nextCursor === undefined) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(found).toEqual([late, ...ids]);
  }
});

test('a dead letter stays in Redis; while it runs again no list has it as failed', async () => {
  const id = await done({ labels: { again: 'yes' } }, 'fail');
  await expect.poll(() => cluster.redis.hget(cluster.keys.job(id), 'archived'), patience).not.toBeNull();
  await new Forgetting(cluster.redis, cluster.keys, { ...defaultRetention, recentMs: 0 }).forget(
    systemClock.now() + 1_000,
  );
  expect(await cluster.redis.exists(cluster.keys.job(id))).toBe(1);
  const dead = new RedisDeadLetters(cluster.redis, cluster.keys, systemClock);
  expect(await dead.redrive({ tenant: 'default', id })).toEqual({ kind: 'redriven' });
  const led = await engines.next();
  expect(await listed('label=again:yes&state=failed')).toEqual([]);
  expect(await listed('label=again:yes')).toEqual([id]);
  led.succeed({ text: 'The second time.' });
  await expect.poll(() => listed('label=again:yes&state=succeeded'), patience).toEqual([id]);
  await forget(id);
  expect(await get(`/api/v1/jobs/${id}/result`)).toMatchObject({ state: 'succeeded', text: 'The second time.' });
  await dead.close();
});

describe('a failed job that only the archive has', () => {
  const redrive = (id: string) => api.send('POST', `/api/v1/dead-letters/${id}/redrive`);
  const many = (...ids: readonly string[]) => api.send('POST', '/api/v1/dead-letters/redrive', { ids });

  test('is submitted once more by a redrive, as another job with what it was submitted with, once', async () => {
    const body = { labels: { old: 'one' }, metadata: { deep: [1] }, prompt: 'Wake the walrus', priority: 3 };
    const id = await done(body, 'fail');
    await forget(id);
    const { status, json } = await redrive(id);
    expect(status).toBe(202);
    expect(json).toMatchObject({ state: 'queued', labels: { old: 'one' }, metadata: { deep: [1] }, priority: 3 });
    expect(json.id).not.toBe(id);
    const led = await engines.next();
    expect(led.turn.prompt).toBe('Wake the walrus');
    led.succeed({ text: 'It is awake.' });
    await expect.poll(async () => (await get(`/api/v1/jobs/${json.id}`)).state, patience).toBe('succeeded');
    expect((await redrive(id)).json.id).toBe(json.id);
    expect((await many(id)).json).toMatchObject({ outcomes: [{ id, redriven: true, as: json.id }] });
    expect(await get(`/api/v1/jobs/${id}`)).toMatchObject({ state: 'failed' });
  });

  test('is not where it was given values of secrets, which are gone: the answer says which', async () => {
    const id = 'j-with-secrets';
    const spec = specOf({ prompt: 'Deploy', attempts: 1, secrets: ['DEPLOY_TOKEN'] });
    await cluster.store.submit([{ id, spec, secrets: { DEPLOY_TOKEN: 'hush-hush' } }]);
    (await engines.next()).fail({ code: 'engine.crashed', message: 'It broke.' });
    await expect.poll(async () => (await get(`/api/v1/jobs/${id}`)).state, patience).toBe('failed');
    await forget(id);
    const refused = await redrive(id);
    expect(refused).toMatchObject({ status: 409, json: { code: 'job.not_redrivable' } });
    expect(refused.json.detail).toContain('DEPLOY_TOKEN');
    expect((await many(id)).json).toMatchObject({ outcomes: [{ id, redriven: false, code: 'job.not_redrivable' }] });
  });
});

test('the artifacts of a job that only the archive has are listed and sent', async () => {
  const artifacts = openBlobs({
    ...{ place: { kind: 'files', folder: join(folder, 'blobs') }, namespace: cluster.namespace, room: 'artifacts' },
    ...{ limits: { maxBytes: 1e6, maxTotalBytes: 1e6 }, makeFolder: (path) => makeOwnFolder(path, 0o700) },
  });
  const { id } = (await api.send('POST', '/api/v1/jobs', { prompt: 'hi', attempts: 1 })).json;
  const led = await engines.next();
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const list = JSON.stringify([{ path: 'a.txt', bytes: 5, sha256: sha256('hello'), from: 0 }]);
  const copy = { lease: 1, copy: '0'.repeat(16) };
  await artifacts.put(artifactBlob.archive(id, copy), once('hello'));
  await artifacts.put(artifactBlob.list(id, copy), once(list));
  const kept = { at: 5e11, ...copy, files: 1, bytes: 5, sha256: sha256('hello'), listSha256: sha256(list) };
  await cluster.redis.hset(cluster.keys.job(id), 'keptArtifacts', JSON.stringify(kept));
  led.succeed();
  await forget(id);
  expect(await get(`/api/v1/jobs/${id}/artifacts`)).toMatchObject({ artifacts: [{ path: 'a.txt', bytes: 5 }] });
  expect((await api.send('GET', `/api/v1/jobs/${id}/artifacts/a.txt`)).text).toBe('hello');
});

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

test('the archive is there again after a restart, and what ended meanwhile is archived', async () => {
  const before = await done({ labels: { over: 'restart' } });
  await forget(before);
  const { id } = (await api.send('POST', '/api/v1/jobs', { prompt: 'hi', labels: { over: 'restart' } })).json;
  const led = await engines.next();
  await api.close();
  led.succeed();
  await expect.poll(() => cluster.redis.hget(cluster.keys.job(id), 'state'), patience).toBe('succeeded');
  api = await openApi();
  await forget(id);
  expect(await listed('label=over:restart')).toEqual([id, before]);
});

test('the audit log goes on where Redis has it no longer, and after a restart, each request once', async () => {
  const steer = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await api.send('POST', `/api/v1/jobs/j-none-${i}/cancel`);
  };
  const path = '/api/v1/audit?path=/api/v1/jobs/j-none-';
  const requests = async (query = ''): Promise<AuditPageView> => (await get(path + query)) as unknown as AuditPageView;
  const before = await figure('remuda_archived_audit_total');
  await steer(4);
  await expect.poll(async () => (await requests()).entries.length).toBe(4);
  await expect.poll(() => figure('remuda_archived_audit_total'), patience).toBe(before + 4);
  await cluster.redis.del(cluster.keys.audit('steered'));
  await steer(3);
  await expect.poll(async () => (await requests()).entries.length).toBe(7);
  const whole = await requests();
  expect(whole.entries.map((entry) => entry.path.split('/')[4]?.slice(-1)).join('')).toBe('2103210');
  expect(whole).not.toHaveProperty('incomplete');
  const first = await requests('&limit=4');
  expect(first.entries).toEqual(whole.entries.slice(0, 4));
  expect((await requests(`&limit=4&cursor=${first.nextCursor ?? ''}`)).entries).toEqual(whole.entries.slice(4));
  await api.close();
  api = await openApi();
  while ((await figure('remuda_archive_up')) !== 1) await sleep(50);
  await expect.poll(() => figure('remuda_archived_audit_total'), patience).toBeGreaterThanOrEqual(3);
  expect(await requests()).toEqual(whole);
});

test('a second api with the same folder works without it, and says so', async () => {
  const second = await openApi();
  const { text } = await second.send('GET', '/metrics');
  expect(text).toMatch(/^remuda_archive_up{[^}]*} 0$/m);
  expect(await second.send('GET', '/api/v1/jobs')).toMatchObject({ status: 200, json: { incomplete: true } });
  expect(await second.send('GET', '/api/v1/audit')).toMatchObject({ status: 200, json: { incomplete: true } });
  expect(await second.send('GET', '/api/v1/jobs?q=x')).toMatchObject({
    status: 503,
    json: { code: 'store.unavailable' },
  });
  expect(await second.send('GET', '/api/v1/jobs/j-none')).toMatchObject({ status: 503 });
  await second.close();
});
