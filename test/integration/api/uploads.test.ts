import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { UploadView } from '@remuda/protocol';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startApiCluster, type ApiCluster } from './api-cluster.js';
import { bearer, jwtSecret, signJwt } from './jwt.js';
import { startApi } from './running-api.js';

let folder: string;
let cluster: ApiCluster;
let other: { readonly authorization: string };
let own: typeof other;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-uploads-'));
  [own, other] = [bearer(await signJwt('a')), bearer(await signJwt('b'))];
  const env = {
    REMUDA_JWT_SECRET: jwtSecret,
    REMUDA_BLOBS_URL: pathToFileURL(join(folder, 'blobs')).href,
    REMUDA_UPLOAD_MAX_MB: '20',
    REMUDA_UPLOAD_UNPACKED_MB: '30',
  };
  cluster = await startApiCluster({ env, headers: own });
});
afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});

const kept = (): Promise<string[]> => readdir(join(folder, 'blobs', cluster.api.namespace, 'uploads'));

/** A tar archive with one file of random content. */
async function archive(bytes = 1_000): Promise<Buffer> {
  const root = await mkdtemp(join(folder, 'tree-'));
  await writeFile(join(root, 'a.bin'), randomBytes(bytes));
  return execFileSync('tar', ['-C', root, '-cf', '-', 'a.bin'], { maxBuffer: 100_000_000 });
}

const digestOf = (content: Buffer): string => `sha-256=:${createHash('sha256').update(content).digest('base64')}:`;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: UploadView & { readonly code: string; readonly detail: string };
}

async function put(body: Buffer | undefined, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const answer = await fetch(`${cluster.api.url}/api/v1/uploads`, {
    method: 'PUT',
    headers: { 'content-type': 'application/x-tar', ...own, ...headers },
    ...(body ? { body: new Uint8Array(body) } : {}),
  });
  return { status: answer.status, headers: answer.headers, json: (await answer.json()) as Answer['json'] };
}

/** Sends the first bytes of an archive, and hangs up when so much has arrived. */
async function breakOff(body: Buffer, bytes: number, arrived: () => Promise<unknown>): Promise<void> {
  await new Promise<void>((resolve) => {
    const outgoing = request(`${cluster.api.url}/api/v1/uploads`, {
      method: 'PUT',
      headers: {
        ...own,
        'content-type': 'application/x-tar',
        'content-length': body.length,
        'repr-digest': digestOf(body),
        'content-range': `bytes 0-${String(body.length - 1)}/${String(body.length)}`,
      },
    });
    outgoing.on('error', () => undefined);
    outgoing.once('close', resolve);
    outgoing.write(body.subarray(0, bytes));
    void arrived().finally(() => outgoing.destroy());
  });
}

test('an archive that is sent whole is there, and says what is in it', async () => {
  const body = await archive();
  const { status, headers, json } = await put(body);
  const sha256 = createHash('sha256').update(body).digest('hex');
  expect(status).toBe(201);
  expect(json).toMatchObject({ state: 'complete', received: body.length, sha256, files: 1, unpackedBytes: 1_000 });
  expect(headers.get('location')).toBe(`/api/v1/uploads/${json.id}`);
  expect((await cluster.api.send('GET', `/api/v1/uploads/${json.id}`)).json).toEqual(json);
  expect((await kept()).filter((name) => name.startsWith(json.id)).sort()).toEqual([
    `${json.id}.json`,
    `${json.id}.tgz`,
  ]);
});

test('the same archive with its digest is the same upload, of the same tenant only', async () => {
  const body = await archive();
  const digest = { 'repr-digest': digestOf(body) };
  const first = await put(body, digest);
  expect((await put(body, digest)).json).toEqual(first.json);
  expect((await put(body, { ...digest, ...other })).json.id).not.toBe(first.json.id);
});

describe('one that breaks off', () => {
  test('is taken up where it did', async () => {
    const body = await archive(12_000_000);
    const digest = { 'repr-digest': digestOf(body) };
    const ask = () => put(undefined, { ...digest, 'content-range': `bytes */${String(body.length)}` });
    expect((await ask()).json).toMatchObject({ state: 'partial', received: 0 });
    const partBytes = 8 * 1024 * 1024;
    await breakOff(body, 9_000_000, () =>
      vi.waitFor(async () => expect((await ask()).json.received).toBeGreaterThanOrEqual(partBytes), {
        timeout: 20_000,
      }),
    );
    const range = (from: number) => `bytes ${String(from)}-${String(body.length - 1)}/${String(body.length)}`;
    const early = { ...digest, 'content-range': `bytes 1-1/${String(body.length)}` };
    const isHungUp = async (): Promise<void> => {
      const { status, json } = await put(body.subarray(1, 2), early);
      expect([status, json.code]).toEqual([409, 'upload.out_of_place']);
      expect(json.detail).toMatch(/\d+ bytes of this upload have arrived/);
    };
    await vi.waitFor(isHungUp, { timeout: 20_000, interval: 20 });
    const { received } = (await ask()).json;
    expect(received).toBeLessThanOrEqual(9_000_000);
    const done = await put(body.subarray(received), { ...digest, 'content-range': range(received) });
    expect([done.status, done.json.state, done.json.received]).toEqual([201, 'complete', body.length]);
    expect((await kept()).some((name) => name.includes('.part.'))).toBe(false);
  });

  test('in parts of the client’s own it is put together', async () => {
    const body = await archive(5_000);
    const digest = { 'repr-digest': digestOf(body) };
    const range = (from: number, to: number) => `bytes ${String(from)}-${String(to - 1)}/${String(body.length)}`;
    const first = await put(body.subarray(0, 3_000), { ...digest, 'content-range': range(0, 3_000) });
    expect([first.status, first.json.state, first.json.received]).toEqual([202, 'partial', 3_000]);
    const second = await put(body.subarray(3_000), { ...digest, 'content-range': range(3_000, body.length) });
    expect([second.status, second.json.state]).toEqual([201, 'complete']);
  });
});

describe('refused is', () => {
  test('what has another digest, and nothing of it is left', async () => {
    const before = (await kept()).length;
    const answer = await put(await archive(), { 'repr-digest': digestOf(Buffer.from('else')) });
    expect([answer.status, answer.json.code]).toEqual([422, 'upload.digest_mismatch']);
    expect(await kept()).toHaveLength(before);
  });

  test('what has a link in it, or is no archive', async () => {
    const before = (await kept()).length;
    const root = await mkdtemp(join(folder, 'tree-'));
    execFileSync('ln', ['-s', '/etc', join(root, 'etc')]);
    const linked = await put(execFileSync('tar', ['-C', root, '-cf', '-', '.']));
    expect([linked.status, linked.json.code]).toEqual([422, 'upload.invalid']);
    expect(linked.json.detail).toContain('is a link');
    expect((await put(randomBytes(2_000))).json.code).toBe('upload.invalid');
    expect(await kept()).toHaveLength(before);
  });

  test('what is too large, packed or unpacked', async () => {
    const large = await put(randomBytes(21 * 1024 * 1024));
    expect([large.status, large.json.code]).toEqual([413, 'request.too_large']);
    const root = await mkdtemp(join(folder, 'tree-'));
    await writeFile(join(root, 'zeros'), Buffer.alloc(40 * 1024 * 1024));
    const bomb = await put(execFileSync('tar', ['-C', root, '-czf', '-', '.'], { maxBuffer: 1e8 }));
    expect([bomb.status, bomb.json.code]).toEqual([422, 'upload.invalid']);
    expect(bomb.json.detail).toContain('unpacks to more than');
  });

  test.each([
    [{ 'repr-digest': 'md5=:x:' }, 400, 'request.invalid'],
    [{ 'content-range': 'bytes 0-9/10' }, 400, 'request.invalid'],
    [{ 'repr-digest': digestOf(Buffer.from('x')), 'content-range': 'bytes 9-0/10' }, 400, 'request.invalid'],
    [{ 'content-type': 'text/plain' }, 415, 'request.unsupported_type'],
    [{ 'content-type': 'application/json' }, 400, 'request.malformed'],
  ])('%j', async (headers, status, code) => {
    const answer = await put(await archive(), headers);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  test('JSON, and an archive for another route', async () => {
    const json = await put(Buffer.from('{}'), { 'content-type': 'application/json' });
    expect([json.status, json.json.code]).toEqual([415, 'request.unsupported_type']);
    const job = await cluster.api.send('POST', '/api/v1/jobs', 'x', { 'content-type': 'application/x-tar' });
    expect([job.status, job.json.code]).toEqual([415, 'request.unsupported_type']);
  });

  test('any, where the api has no place for files', async () => {
    const api = await startApi(cluster.redis.url);
    try {
      const { status, json } = await api.send('PUT', '/api/v1/uploads', 'x', { 'content-type': 'application/x-tar' });
      expect([status, json.code]).toEqual([503, 'blobs.off']);
      const workspace = { kind: 'upload', upload: `u-${'0'.repeat(32)}` };
      const job = await api.send('POST', '/api/v1/jobs', { prompt: 'x', workspace });
      expect(job.json.faults[0]?.path).toBe('workspace.upload');
    } finally {
      await api.close();
    }
  });
});

describe('a job', () => {
  test('begins with an upload of its tenant, and keeps it until it is over', async () => {
    const { id } = (await put(await archive())).json;
    const workspace = { kind: 'upload', upload: id };
    const job = await cluster.api.send('POST', '/api/v1/jobs', { prompt: 'x', delayMs: 60_000, workspace });
    expect(job.status).toBe(202);
    expect((await cluster.api.send('GET', job.json.url)).json).toMatchObject({ workspace });
    expect(await kept()).toContain(`${id}.use.${job.json.id}`);
  });

  test('does not begin with another tenant’s, which is unknown to it in every way', async () => {
    const { id } = (await put(await archive())).json;
    const batch = { jobs: [{ prompt: 'x' }, { prompt: 'x', workspace: { kind: 'upload', upload: id } }] };
    const refused = await cluster.api.send('POST', '/api/v1/jobs/batch', batch, other);
    expect([refused.status, refused.json.faults[0]?.path]).toEqual([400, 'jobs[1].workspace.upload']);
    expect((await cluster.api.send('GET', `/api/v1/uploads/${id}`, undefined, other)).json.code).toBe('upload.unknown');
    expect((await cluster.api.send('DELETE', `/api/v1/uploads/${id}`, undefined, other)).status).toBe(404);
    expect((await cluster.api.send('GET', `/api/v1/uploads/${id}`)).status).toBe(200);
    expect((await cluster.api.send('DELETE', `/api/v1/uploads/${id}`)).status).toBe(204);
    expect((await cluster.api.send('GET', `/api/v1/uploads/${id}`)).status).toBe(404);
  });

  test('begins with the files of a session only by a token that may read sessions', async () => {
    const token = bearer(await signJwt('a', { scope: 'jobs:read jobs:write' }));
    const workspace = { kind: 'snapshot', session: 's-00000000-0000-4000-8000-000000000000' };
    const { status, json } = await cluster.api.send('POST', '/api/v1/jobs', { prompt: 'x', workspace }, token);
    expect([status, json.code]).toEqual([403, 'token.scope_missing']);
  });

  test('does not begin with the files of a session that there is not', async () => {
    const workspace = { kind: 'snapshot', session: 's-00000000-0000-4000-8000-000000000000' };
    const { status, json } = await cluster.api.send('POST', '/api/v1/jobs', { prompt: 'x', workspace });
    expect([status, json.faults]).toEqual([400, [{ path: 'workspace.session', message: 'is no session' }]]);
  });
});
