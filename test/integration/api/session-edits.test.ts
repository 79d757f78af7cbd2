import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RemudaClient } from '@remuda/client';
import { redisKeys } from '@remuda/redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bearer, signJwt } from './jwt.js';
import { SnapshotCluster, sessionId } from './snapshots-of-turns.js';

let snapshots: SnapshotCluster;
let client: RemudaClient;
let other: ReturnType<typeof bearer>;
let readOnly: typeof other;
beforeAll(async () => {
  snapshots = await SnapshotCluster.start();
  client = new RemudaClient({ url: snapshots.cluster.api.url, token: snapshots.token });
  other = bearer(await signJwt('b'));
  readOnly = bearer(await signJwt('a', { scope: 'sessions:read' }));
});
afterAll(() => snapshots.stop());

const asItIs = { 'content-type': 'application/octet-stream' };
const put = async (at: string, body: string, headers = {}) => {
  const { status, json } = await snapshots.send('PUT', at, body, { ...asItIs, ...headers });
  return [status, json.code];
};
const textOf = async (id: string, path: string) => new Response(await client.sessions.file(id, path)).text();
const originOf = async (job: string) =>
  snapshots.redis.hget(redisKeys(snapshots.cluster.api.namespace).job(job), 'originJob');

describe('a file that is written between two turns', () => {
  test('is there for the next turn, beside the others, and in place of the one of its path', async () => {
    const id = await snapshots.created();
    await snapshots.turn(id, await snapshots.packedFiles({ 'a.txt': 'one', 'b.txt': 'two' }));
    expect(await client.sessions.putFile(id, 'a.txt', 'new')).toEqual({ path: 'a.txt', bytes: 3 });
    expect(await client.sessions.putFile(id, 'd/ä.txt', '')).toEqual({ path: 'd/ä.txt', bytes: 0 });
    const seen: unknown[] = [];
    for await (const file of client.sessions.files(id)) seen.push(file);
    expect(seen).toEqual([
      { path: 'a.txt', bytes: 3 },
      { path: 'b.txt', bytes: 3 },
      { path: 'd/ä.txt', bytes: 0 },
    ]);
    expect([await textOf(id, 'a.txt'), await textOf(id, 'b.txt')]).toEqual(['new', 'two']);
    expect(await new Response(await client.sessions.transcript(id)).text()).toBe('{"type":"user"}\n');
    const fork = await client.sessions.fork(id);
    expect(await originOf(await snapshots.turn(id, await snapshots.packedFiles({})))).toMatch(/^e-/);
    expect(await textOf(fork.id, 'a.txt')).toBe('new');
    for (const one of [id, fork.id]) await client.sessions.stop(one);
  });

  test('is refused while a turn is under way, before there are any files, and after the session was stopped', async () => {
    const id = await snapshots.created();
    expect(await put(`/${id}/files/a`, 'x')).toEqual([409, 'session.no_files']);
    await snapshots.turn(id, await snapshots.packedFiles({ a: 'old' }));
    await snapshots.send('POST', `/${id}/turns`, { prompt: 'led' });
    const led = await snapshots.cluster.engines.next();
    expect(await put(`/${id}/files/a`, 'x')).toEqual([409, 'session.busy']);
    expect(await textOf(id, 'a')).toBe('old');
    await snapshots.send('POST', `/${id}/stop`);
    led.succeed();
    expect(await put(`/${id}/files/a`, 'x')).toEqual([409, 'session.stopped']);
  });

  test('is refused where no file can be, for others, and without its size; and nothing changes then', async () => {
    const id = await snapshots.created();
    const fill = async (root: string) => {
      await mkdir(join(root, 'src'));
      await writeFile(join(root, 'src', 'a'), 'a');
      await symlink('/etc', join(root, 'etc'));
    };
    await snapshots.turn(id, await snapshots.packed(fill));
    const paths = [
      'etc',
      'etc/passwd',
      'src',
      'src/a/b',
      '..%2fa',
      'x%2f..%2f..%2fa',
      '%2fetc%2fx',
      '.git/config',
      'a%00',
    ];
    for (const path of paths)
      expect([path, ...(await put(`/${id}/files/${path}`, 'x'))]).toEqual([path, 400, 'request.invalid']);
    expect(await put(`/${id}/files/a`, 'x', other)).toEqual([404, 'session.unknown']);
    expect(await put(`/${id}/files/a`, 'x', readOnly)).toEqual([403, 'token.scope_missing']);
    expect(await put(`/${id}/files/a`, '{}', { 'content-type': 'application/json' })).toEqual([
      415,
      'request.unsupported_type',
    ]);
    expect(await put(`/${id}/files/a`, 'x'.repeat(2 * 1024 * 1024))).toEqual([413, 'request.too_large']);
    const url = `${snapshots.cluster.api.url}/api/v1/sessions/${id}/files/a`;
    const body = new Blob(['x']).stream();
    const headers = { ...asItIs, ...bearer(snapshots.token) };
    const unknownSize = await fetch(url, { method: 'PUT', body, headers, duplex: 'half' });
    expect([unknownSize.status, ((await unknownSize.json()) as { code: string }).code]).toEqual([
      400,
      'request.malformed',
    ]);
    expect((await client.sessions.filePage(id)).files).toEqual([{ path: 'src/a', bytes: 1 }]);
    await client.sessions.stop(id);
  });
});

const line = (own: object = {}) =>
  `${JSON.stringify({ type: 'user', message: {}, uuid: sessionId, parentUuid: null, sessionId, version: '2.1.3', ...own })}\n`;

describe('a transcript of a Claude Code elsewhere', () => {
  test('is the conversation with which a new session goes on, and comes out as it went in', async () => {
    const { id } = await client.sessions.create({ idleMs: 0 });
    const text = line() + line({ type: 'assistant', uuid: 'x', parentUuid: sessionId });
    expect(await client.sessions.putTranscript(id, text)).toEqual({
      ...{ sessionId, messages: 2, claudeVersion: '2.1.3', warnings: [] },
    });
    expect(await client.sessions.get(id)).toMatchObject({ state: 'hibernated', turns: 0 });
    expect(await new Response(await client.sessions.transcript(id)).text()).toBe(text);
    expect((await client.sessions.filePage(id)).files).toEqual([]);
    await client.sessions.putFile(id, 'a.txt', 'one');
    expect(await new Response(await client.sessions.transcript(id)).text()).toBe(text);
    expect(await originOf(await snapshots.turn(id, await snapshots.packedFiles({})))).toMatch(/^e-/);
    expect(await put(`/${id}/transcript`, text)).toEqual([409, 'session.has_conversation']);
    await client.sessions.stop(id);
    expect(await put(`/${id}/transcript`, text)).toEqual([409, 'session.stopped']);
  });

  test('begins with the files of an upload, if the session does', async () => {
    const archive = new Uint8Array(await snapshots.packedFiles({ 'a.txt': 'one' }));
    const headers = { ...bearer(snapshots.token), 'content-type': 'application/gzip' };
    const sent = await fetch(`${snapshots.cluster.api.url}/api/v1/uploads`, { method: 'PUT', body: archive, headers });
    const { id: upload } = (await sent.json()) as { id: string };
    const { id } = await client.sessions.create({ workspace: { kind: 'upload', upload } });
    await client.sessions.putTranscript(id, line());
    expect(await textOf(id, 'a.txt')).toBe('one');
    const git = await client.sessions.create({ workspace: { kind: 'git', url: 'https://github.com/a/b.git' } });
    expect(await put(`/${git.id}/transcript`, line())).toEqual([400, 'request.invalid']);
  });

  test('that is cut at its end is taken without its last line, and says so; any other fault is refused', async () => {
    const id = await snapshots.created();
    for (const body of ['hello', '{"type":"user"}\n', `${line()}{"type\n${line()}`])
      expect(await put(`/${id}/transcript`, body)).toEqual([422, 'transcript.invalid']);
    expect(await put(`/${id}/transcript`, line(), other)).toEqual([404, 'session.unknown']);
    expect(await put(`/${id}/transcript`, line(), readOnly)).toEqual([403, 'token.scope_missing']);
    const { warnings } = await client.sessions.putTranscript(id, `${line({ parentUuid: 'gone' })}{"type":"assi`);
    expect(warnings).toEqual([expect.stringContaining('begins within'), expect.stringContaining('last line is cut')]);
    expect(await new Response(await client.sessions.transcript(id)).text()).toBe(line({ parentUuid: 'gone' }));
  });
});
