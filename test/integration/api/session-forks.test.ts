import { RemudaClient } from '@remuda/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bearer, signJwt } from './jwt.js';
import { SnapshotCluster } from './snapshots-of-turns.js';

let snapshots: SnapshotCluster;
let client: RemudaClient;
beforeAll(async () => {
  snapshots = await SnapshotCluster.start();
  client = new RemudaClient({ url: snapshots.cluster.api.url, token: snapshots.token });
});
afterAll(() => snapshots.stop());

const send = (method: string, at: string, body?: unknown, headers = {}) => snapshots.send(method, at, body, headers);
const textOf = async (id: string, path: string) => new Response(await client.sessions.file(id, path)).text();

test('a fork has conversation and files as they were after a turn, and neither side sees what the other does then', async () => {
  const id = await snapshots.created({ keepTurns: 2, labels: { team: 'x' } });
  await snapshots.turn(id, await snapshots.packedFiles({ 'a.txt': 'one' }), { prompt: 'first' });
  await snapshots.turn(id, await snapshots.packedFiles({ 'a.txt': 'two' }), { prompt: 'second' });
  const answer = await send('POST', `/${id}/fork`, { turn: 1 });
  expect(answer.status).toBe(201);
  const { id: early } = answer.json;
  expect(answer.headers.get('location')).toBe(`/api/v1/sessions/${early}`);
  const same = { state: 'hibernated', labels: { team: 'x' }, keepTurns: 2 };
  expect(answer.json).toMatchObject({ ...same, turns: 1, forkedFrom: { session: id, turn: 1 } });
  const late = await client.sessions.fork(id);
  expect([await textOf(early, 'a.txt'), await textOf(late.id, 'a.txt')]).toEqual(['one', 'two']);
  await snapshots.turn(early, await snapshots.packedFiles({ 'a.txt': 'other' }), { prompt: 'third' });
  expect([await textOf(early, 'a.txt'), await textOf(id, 'a.txt')]).toEqual(['other', 'two']);
  const said = async (of: string) =>
    (await client.sessions.messages(of)).filter(({ role }) => role === 'user').map(({ text, turn }) => [turn, text]);
  expect(await said(early)).toEqual([[1, 'first'], [2, 'third']]); // prettier-ignore
  expect(await said(id)).toEqual([[1, 'first'], [2, 'second']]); // prettier-ignore
  await client.sessions.stop(id);
  expect(await textOf(late.id, 'a.txt')).toBe('two');
  for (const one of [early, late.id]) await client.sessions.stop(one);
});

test('a session is not forked where there is nothing to go on from, and the answer says why', async () => {
  const id = await snapshots.created();
  const refused = async (body?: object, headers = {}) => {
    const { status, json } = await send('POST', `/${id}/fork`, body, headers);
    return [status, json.code, json.detail];
  };
  expect(await refused()).toEqual([409, 'session.no_files', expect.any(String)]);
  await snapshots.turn(id, await snapshots.packedFiles({}));
  await snapshots.turn(id, await snapshots.packedFiles({}));
  expect(await refused({ turn: 1 })).toEqual([409, 'session.cannot_fork', expect.stringContaining('keeps those of 1')]);
  expect(await refused({ turn: 3 })).toEqual([409, 'session.cannot_fork', expect.stringContaining('no turn 3')]);
  for (const body of [{ turn: 0 }, { turn: 'last' }, { at: 1 }])
    expect((await refused(body)).slice(0, 2)).toEqual([400, 'request.invalid']);
  expect((await refused({}, bearer(await signJwt('b')))).slice(0, 2)).toEqual([404, 'session.unknown']);
  const readOnly = bearer(await signJwt('a', { scope: 'sessions:read' }));
  expect((await refused({}, readOnly)).slice(0, 2)).toEqual([403, 'token.scope_missing']);
  await send('POST', `/${id}/stop`);
  expect((await refused()).slice(0, 2)).toEqual([409, 'session.stopped']);
});
