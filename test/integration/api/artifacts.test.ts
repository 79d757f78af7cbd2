import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openBlobs } from '@remuda/blobs';
import { artifactBlob, type Blobs } from '@remuda/domain';
import type { ArtifactsView } from '@remuda/protocol';
import { redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { makeOwnFolder } from '@remuda/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../redis.js';
import { bearer, jwtSecret, signJwt } from './jwt.js';
import { startApi, type RunningApi } from './running-api.js';

let folder: string;
let server: TestRedis;
let redis: RawConnection;
let api: RunningApi;
let blobs: Blobs;
let own: { readonly authorization: string };
let other: typeof own;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-artifacts-'));
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'artifacts-test' });
  [own, other] = [bearer(await signJwt('a')), bearer(await signJwt('b'))];
  const env = { REMUDA_JWT_SECRET: jwtSecret, REMUDA_BLOBS_URL: pathToFileURL(folder).href };
  api = await startApi(server.url, { env, headers: own });
  blobs = openBlobs({
    ...{ place: { kind: 'files', folder }, namespace: api.namespace, room: 'artifacts' },
    ...{ limits: { maxBytes: 1e6, maxTotalBytes: 1e6 }, makeFolder: (path) => makeOwnFolder(path, 0o700) },
  });
}, 60_000);
afterAll(async () => {
  await api.close();
  redis.disconnect();
  await server.close();
  await rm(folder, { recursive: true });
});

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');
const html = '<script>alert(1)</script>';
const copy = { lease: 1, copy: '0'.repeat(16) };

/** A job, of which these files are kept as a bridge keeps them; the rest of the archive is left out. */
async function jobWith(files: Readonly<Record<string, string>>): Promise<string> {
  const { id } = (await api.send('POST', '/api/v1/jobs', { prompt: 'x', delayMs: 3_600_000 })).json;
  const archive = Object.values(files).join('');
  let from = 0;
  const list = JSON.stringify(
    Object.entries(files).map(([path, content]) => {
      from += content.length;
      return { path, bytes: content.length, sha256: sha256(content), from: from - content.length };
    }),
  );
  await blobs.put(artifactBlob.archive(id, copy), once(archive));
  await blobs.put(artifactBlob.list(id, copy), once(list));
  const counts = { files: Object.keys(files).length, bytes: archive.length };
  const kept = { at: 5e11, ...copy, ...counts, sha256: sha256(archive), listSha256: sha256(list) };
  await redis.hset(redisKeys(api.namespace).job(id), 'keptArtifacts', JSON.stringify(kept));
  return id;
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

const get = (path: string, headers = own): Promise<Response> => fetch(`${api.url}/api/v1/jobs/${path}`, { headers });

test('a job’s artifacts are listed by their paths, and its record tells nothing of where they are', async () => {
  const id = await jobWith({ 'b.txt': 'two', 'a/c.txt': 'one', empty: '' });
  const list = (await (await get(`${id}/artifacts`)).json()) as ArtifactsView;
  const file = (path: string, content: string) => ({ path, bytes: content.length, sha256: sha256(content) });
  const artifacts = [file('a/c.txt', 'one'), file('b.txt', 'two'), file('empty', '')];
  expect(list).toEqual({ artifacts, bytes: 6, createdAt: '1985-11-05T00:53:20.000Z' });
  expect(await (await get(id)).text()).not.toContain('keptArtifacts');
});

test.each([
  ['a page', 'dist/index.html', html],
  ['of a name in other letters', 'größe/naïve "name".txt', 'x'],
  ['of a name with a percent sign and a long path', `100%/${'deep/'.repeat(100)}x`, 'y'],
  ['that is empty', 'empty', ''],
])('one %s is a download, whatever is in it', async (_, path, content) => {
  const id = await jobWith({ first: '1', [path]: content, last: '2' });
  const answer = await get(`${id}/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`);
  expect([answer.status, await answer.text()]).toEqual([200, content]);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': expect.stringMatching(/^attachment; filename="/) as string,
    'content-length': String(content.length),
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining("default-src 'none'") as string,
  });
  const slashes = await get(`${id}/artifacts/${encodeURIComponent(path)}`);
  expect(await slashes.text()).toBe(content);
});

test('all of them are one archive, with the job’s name', async () => {
  const id = await jobWith({ a: 'one', b: 'two' });
  const answer = await get(`${id}/artifacts.tar`);
  expect(await answer.text()).toBe('onetwo');
  expect(answer.headers.get('content-type')).toBe('application/x-tar');
  expect(answer.headers.get('content-disposition')).toContain(`filename="${id}.tar"`);
});

test('of what was changed in the store nothing looks complete', async () => {
  const id = await jobWith({ a: 'one', b: 'two' });
  await writeFile(join(folder, api.namespace, 'artifacts', artifactBlob.archive(id, copy)), 'onexxx');
  expect(await (await get(`${id}/artifacts/a`)).text()).toBe('one');
  for (const path of ['artifacts/b', 'artifacts.tar']) expect((await get(`${id}/${path}`)).status).toBe(500);
  await writeFile(join(folder, api.namespace, 'artifacts', artifactBlob.list(id, copy)), '[]');
  expect((await get(`${id}/artifacts`)).status).toBe(500);
});

test('what is found to be changed only at its end breaks off there', async () => {
  const long = 'x'.repeat(500_000);
  const id = await jobWith({ long });
  await writeFile(join(folder, api.namespace, 'artifacts', artifactBlob.archive(id, copy)), `${long.slice(1)}y`);
  for (const path of ['artifacts/long', 'artifacts.tar'])
    await expect(get(`${id}/${path}`).then((answer) => answer.text())).rejects.toThrow();
});

describe('another job begins with them', () => {
  const submit = (of: object, headers = own) =>
    api.send('POST', '/api/v1/jobs', { prompt: 'x', workspace: { kind: 'snapshot', ...of } }, headers);

  test('and its record tells whose they are, not where', async () => {
    const id = await jobWith({ a: 'one' });
    const { status, json } = await submit({ job: id });
    expect(status).toBe(202);
    expect((await api.send('GET', `/api/v1/jobs/${json.id}`)).json).toMatchObject({
      workspace: { kind: 'snapshot', job: id },
    });
    expect(await (await get(json.id)).text()).not.toContain(copy.copy);
    expect(await redis.hget(redisKeys(api.namespace).job(json.id), 'spec')).toContain(copy.copy);
    const batch = await api.send('POST', '/api/v1/jobs/batch', {
      jobs: [{ prompt: 'x', workspace: { kind: 'snapshot', job: id } }, { prompt: 'y' }],
    });
    expect(batch.status).toBe(202);
    const [first] = batch.json.jobs;
    expect(await redis.hget(redisKeys(api.namespace).job(first?.id ?? ''), 'spec')).toContain(copy.copy);
    const session = { workspace: { kind: 'snapshot', job: id } };
    expect((await api.send('POST', '/api/v1/sessions', session)).status).toBe(201);
  });

  test('unless there are none, they are gone, or they are another tenant’s', async () => {
    const faultOf = async (...asked: Parameters<typeof submit>) => {
      const { status, json } = await submit(...asked);
      return [status, ...json.faults.map(({ path, message }) => `${path} ${message}`)];
    };
    const id = await jobWith({ a: 'one' });
    const none = (await api.send('POST', '/api/v1/jobs', { prompt: 'x', delayMs: 3_600_000 })).json.id;
    expect(await faultOf({ job: none })).toEqual([400, expect.stringContaining('workspace.job has left no files')]);
    const unknown = [400, 'workspace.job is no job'];
    expect(await faultOf({ job: id }, other)).toEqual(unknown);
    expect(await faultOf({ job: 'j-00000000-0000-4000-8000-000000000000' })).toEqual(unknown);
    await blobs.remove(artifactBlob.archive(id, copy));
    expect(await faultOf({ job: id })).toEqual([400, 'workspace.job has left files that are no longer kept']);
    expect(await faultOf({})).toEqual([400, 'workspace must have a session or a job']);
    expect(await faultOf({ job: id, session: id })).toEqual([400, 'workspace.job cannot be combined with session']);
  });

  test('only by a token that may read jobs', async () => {
    const id = await jobWith({ a: 'one' });
    const token = bearer(await signJwt('a', { scope: 'jobs:write sessions:write' }));
    const { status, json } = await submit({ job: id }, token);
    expect([status, json.code]).toEqual([403, 'token.scope_missing']);
    const session = { workspace: { kind: 'snapshot', job: id } };
    expect((await api.send('POST', '/api/v1/sessions', session, token)).status).toBe(403);
  });
});

describe('unknown is', () => {
  const code = async (path: string, headers = own) => {
    const answer = await get(path, headers);
    return [answer.status, ((await answer.json()) as { readonly code: string }).code];
  };

  test('another tenant’s job, whatever it has', async () => {
    const id = await jobWith({ a: 'one' });
    for (const path of ['artifacts', 'artifacts.tar', 'artifacts/a', 'artifacts/b'])
      expect([path, ...(await code(`${id}/${path}`, other))]).toEqual([path, 404, 'job.unknown']);
  });

  test('a path that the list has not, and what is no longer kept', async () => {
    const id = await jobWith({ a: 'one' });
    for (const path of [
      'artifacts/',
      'artifacts/b',
      'artifacts/a/',
      'artifacts/..%2f..%2fetc%2fpasswd',
      'artifacts/x%00',
    ])
      expect([path, ...(await code(`${id}/${path}`))]).toEqual([path, 404, 'artifact.unknown']);
    for (const name of [artifactBlob.archive(id, copy), artifactBlob.list(id, copy)]) await blobs.remove(name);
    for (const path of ['artifacts', 'artifacts.tar', 'artifacts/a'])
      expect([path, ...(await code(`${id}/${path}`))]).toEqual([path, 404, 'artifact.unknown']);
  });

  test('everything of a job that has kept none, whose list is empty', async () => {
    const { id } = (await api.send('POST', '/api/v1/jobs', { prompt: 'x', delayMs: 3_600_000 })).json;
    expect(await (await get(`${id}/artifacts`)).json()).toEqual({ artifacts: [], bytes: 0 });
    expect(await code(`${id}/artifacts.tar`)).toEqual([404, 'artifact.unknown']);
    expect(await code(`${id}/artifacts/a`)).toEqual([404, 'artifact.unknown']);
  });
});

describe('of a job that is submitted', () => {
  test('the globs are shown, and all that could lead out of its workspace are refused', async () => {
    const artifacts = ['dist/**', './report.html'];
    const { id } = (await api.send('POST', '/api/v1/jobs', { prompt: 'x', artifacts, delayMs: 3_600_000 })).json;
    expect(await (await get(id)).json()).toMatchObject({ artifacts });
    const bad = ['../x', '/etc/passwd', 'a/../../b', '', 'a[b]', 'fine'];
    const { status, json } = await api.send('POST', '/api/v1/jobs', { prompt: 'x', artifacts: bad.slice(0, 3) });
    expect([status, json.code]).toEqual([400, 'request.invalid']);
    for (const i of [0, 1, 2]) expect(JSON.stringify(json)).toContain(`artifacts[${i}]`);
    for (const wrong of [[''], ['a[b]'], 'dist', [1], Array.from({ length: 33 }, () => 'a')])
      expect((await api.send('POST', '/api/v1/jobs', { prompt: 'x', artifacts: wrong })).status).toBe(400);
  });

  test('none can be kept by an api that has no place for files', async () => {
    const bare = await startApi(server.url);
    try {
      const { status, text } = await bare.send('POST', '/api/v1/jobs', { prompt: 'x', artifacts: ['a'] });
      expect([status, text]).toEqual([400, expect.stringContaining('REMUDA_BLOBS_URL')]);
    } finally {
      await bare.close();
    }
  });
});
