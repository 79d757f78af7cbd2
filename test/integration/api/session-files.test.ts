import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { link, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { RemudaClient } from '@remuda/client';
import type { SessionFilePart } from '@remuda/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiCluster } from './api-cluster.js';
import { bearer, jwtSecret, signJwt } from './jwt.js';
import { startApi } from './running-api.js';
import { SnapshotCluster, sessionId } from './snapshots-of-turns.js';

let cluster: ApiCluster;
let snapshots: SnapshotCluster;
let client: RemudaClient;
let own: ReturnType<typeof bearer>;
let other: typeof own;
let jobsOnly: typeof own;
beforeAll(async () => {
  snapshots = await SnapshotCluster.start();
  ({ cluster } = snapshots);
  own = bearer(snapshots.token);
  other = bearer(await signJwt('b'));
  jobsOnly = bearer(await signJwt('a', { scope: 'jobs:read' }));
  client = new RemudaClient({ url: cluster.api.url, token: snapshots.token });
});
afterAll(() => snapshots.stop());

const send = (method: string, at: string, body?: unknown, headers = {}) => snapshots.send(method, at, body, headers);
const created = (body: object = {}) => snapshots.created(body);
const packed = (fill: (root: string) => Promise<void>, entries?: readonly string[]) => snapshots.packed(fill, entries);
const turn = (id: string, files: Buffer, how = {}) => snapshots.turn(id, files, how);

/** Sends a path as it is: `fetch` would resolve `..` itself. */
function rawStatus(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(cluster.api.url);
    request({ hostname, port, path, headers: own }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

const files = (at: string, headers = {}) => send('GET', at, undefined, headers);
const large = Buffer.alloc(3_000_000, 'abcdefg');

async function tree(root: string): Promise<void> {
  await mkdir(join(root, 'src'));
  await mkdir(join(root, '.git'));
  await writeFile(join(root, '.git', 'HEAD'), 'ref');
  await writeFile(join(root, 'b.txt'), 'heron\n');
  await writeFile(join(root, 'src', 'ä & é.html'), '<script>');
  await writeFile(join(root, 'src', 'empty'), '');
  await writeFile(join(root, 'a.bin'), large);
  await symlink('/etc', join(root, 'etc'));
  await symlink('b.txt', join(root, 'to-b'));
  await link(join(root, 'b.txt'), join(root, 'c-too.txt'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
}

test('before a turn is over there are no files, and after it they are listed, page by page, and read', async () => {
  const id = await created();
  for (const at of ['files', 'files/a', 'transcript']) {
    const { status, json } = await files(`/${id}/${at}`);
    expect([status, json.code]).toEqual([409, 'session.no_files']);
  }
  await turn(id, await packed(tree));
  const { json } = await files(`/${id}/files`);
  const listed = json as unknown as SessionFilePart & { snapshotAt: string };
  expect(listed).toMatchObject({ snapshotAt: '1970-01-01T00:00:00.005Z' });
  const paths = listed.files.map(({ path }) => path);
  // Of two names of one file the first that tar meets has the content.
  expect(paths.filter((path) => !['b.txt', 'c-too.txt'].includes(path))).toEqual([
    'a.bin',
    'src/empty',
    'src/ä & é.html',
  ]);
  expect(paths).toHaveLength(4);
  expect(listed.files[0]).toEqual({ path: 'a.bin', bytes: large.length });
  const pages: string[] = [];
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: SessionFilePart = await client.sessions.filePage(id, { after, limit: 1 });
    pages.push(...page.files.map(({ path }) => path));
    after = page.next;
  }
  expect(pages).toEqual(paths);

  const html = await files(`/${id}/files/src/${encodeURIComponent('ä & é.html')}`);
  expect([html.status, html.text]).toEqual([200, '<script>']);
  expect(Object.fromEntries(html.headers)).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': "attachment; filename*=UTF-8''%C3%A4%20%26%20%C3%A9.html",
    'x-content-type-options': 'nosniff',
    'content-length': '8',
  });
  expect(Buffer.from(await new Response(await client.sessions.file(id, 'a.bin')).arrayBuffer()).equals(large)).toBe(
    true,
  );
  expect(await new Response(await client.sessions.file(id, 'src/empty')).text()).toBe('');
  expect(await new Response(await client.sessions.file(id, '.git/HEAD')).text()).toBe('ref');
  const seen: string[] = [];
  for await (const { path } of client.sessions.files(id)) seen.push(path);
  expect(seen).toEqual(paths);

  const transcript = await files(`/${id}/transcript`);
  expect(transcript.text).toBe('{"type":"user"}\n');
  expect(transcript.headers.get('content-disposition')).toContain(`${sessionId}.jsonl`);

  for (const path of ['etc', 'to-b', 'etc/passwd', 'pipe', 'src']) {
    const { status, json: refused } = await files(`/${id}/files/${path}`);
    expect([path, status, refused.code]).toEqual([path, 400, 'request.invalid']);
  }
  expect((await files(`/${id}/files/none`)).json.code).toBe('file.unknown');
  for (const path of [
    '../b.txt',
    '..%2fb.txt',
    'src/../b.txt',
    '/b.txt',
    '%2fetc%2fpasswd',
    'b.txt/',
    '',
    '.%2fb.txt',
    'b%00',
  ])
    expect([path, await rawStatus(`/api/v1/sessions/${id}/files/${path}`)]).toEqual([path, 400]);
  await expect(client.sessions.file(id, 'none')).rejects.toMatchObject({ code: 'file.unknown' });

  for (const at of ['files', 'files/b.txt', 'transcript']) {
    expect((await files(`/${id}/${at}`, other)).json.code).toBe('session.unknown');
    expect((await files(`/${id}/${at}`, jobsOnly)).json.code).toBe('token.scope_missing');
  }
  await send('POST', `/${id}/stop`);
  expect((await files(`/${id}/files`)).json.code).toBe('session.stopped');
});

test('an empty workspace has no files, and one whose snapshot is gone says so', async () => {
  const id = await created();
  await turn(id, await packed(() => Promise.resolve()));
  expect((await files(`/${id}/files`)).json).toMatchObject({ files: [] });
  await rm(snapshots.blobFolder, { recursive: true });
  await mkdir(snapshots.blobFolder, { mode: 0o700 });
  expect((await files(`/${id}/files`)).json.code).toBe('session.no_files');
});

test('of a snapshot that is damaged nothing is delivered whole, and the session opens with its messages', async () => {
  const id = await created();
  const fill = async (root: string) => {
    await writeFile(join(root, 'small.txt'), 'small');
    await writeFile(join(root, 'z.bin'), randomBytes(3_000_000));
  };
  await turn(id, await packed(fill, ['small.txt', 'z.bin']), { broken: true });
  expect((await files(`/${id}/files`)).json.code).toBe('internal');
  expect((await files(`/${id}/files/small.txt`)).json.code).toBe('internal');
  expect((await files(`/${id}/transcript`)).json.code).toBe('internal');
  await expect(files(`/${id}/files/z.bin`)).rejects.toThrow();
  expect(await files(`/${id}`)).toMatchObject({ status: 200, json: { state: 'hibernated', turns: 1 } });
  const { messages } = (await files(`/${id}/messages`)).json as unknown as { messages: unknown[] };
  expect(messages).toContainEqual(expect.objectContaining({ role: 'user', turn: 1 }));
});

test('an api without a place for files says so', async () => {
  const without = await startApi(cluster.redis.url, {
    namespace: cluster.api.namespace,
    profiles: [],
    headers: own,
    env: { REMUDA_JWT_SECRET: jwtSecret },
  });
  const id = await created();
  expect((await without.send('GET', `/api/v1/sessions/${id}/files`)).json.code).toBe('blobs.off');
  await without.close();
});
