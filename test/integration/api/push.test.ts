import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../redis.js';
import { startApi, type RunningApi } from './running-api.js';

let redis: TestRedis;
let api: RunningApi;
beforeAll(async () => {
  redis = await startRedis();
  api = await startApi(redis.url, { env: { REMUDA_GIT_PROTECTED: 'main,release/*' } });
});
afterAll(async () => {
  await api.close();
  await redis.close();
});

const workspace = { kind: 'git', url: 'https://git.example.com/a.git', ref: 'dev' };
const submit = (push: unknown, more: object = { workspace }) =>
  api.send('POST', '/api/v1/jobs', { prompt: 'hi', delayMs: 3_600_000, git: { push }, ...more });

test('a job may say where its commits are pushed, which its record shows', async () => {
  const { status, json } = await submit({ branch: 'topic', credential: 'PUSH' });
  expect(status).toBe(202);
  const job = await api.send('GET', `/api/v1/jobs/${json.id}`);
  expect(job.json).toMatchObject({ git: { push: { branch: 'topic', credential: 'PUSH', uncommitted: 'commit' } } });
  expect((await submit({ credential: 'PUSH', uncommitted: 'leave' })).status).toBe(202);
  const bySsh = { workspace: { ...workspace, url: 'git@git.example.com:a.git' } };
  expect((await submit({ credential: 'PUSH' }, bySsh)).status).toBe(202);
});

test.each<[string, string, unknown, object?]>([
  ['no repository', 'git.push', { credential: 'PUSH' }, {}],
  [
    'a repository that has no URL for tokens',
    'git.push',
    { credential: 'PUSH' },
    { workspace: { kind: 'git', url: 'git://git.example.com/a' } },
  ],
  ['the ref from which it starts', 'git.push.branch', { branch: 'DEV', credential: 'PUSH' }],
  ['a protected branch', 'git.push.branch', { branch: 'release/1', credential: 'PUSH' }],
  ['another ref', 'git.push.branch', { branch: 'refs/heads/topic', credential: 'PUSH' }],
  ['an option', 'git.push.branch', { branch: '--force', credential: 'PUSH' }],
  ['no credential', 'git.push.credential', { branch: 'topic' }],
  ['a credential itself', 'git.push.credential', { credential: 'https://u:token@git.example.com' }],
  ['another field', 'git.push.force', { credential: 'PUSH', force: true }],
  ['nothing of it', 'git.push', undefined],
])('%s is told at once', async (_, path, push, more) => {
  const { status, json } = await submit(push, more);
  expect([status, json.faults.map((fault) => fault.path)]).toEqual([400, [path]]);
});
