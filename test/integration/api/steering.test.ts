import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApiCluster, type ApiCluster } from './api-cluster.js';

let cluster: ApiCluster;
beforeAll(async () => {
  cluster = await startApiCluster();
});
afterAll(async () => {
  await cluster.stop();
});

const post = (path: string, body?: unknown) => cluster.api.send('POST', `/api/v1/${path}`, body);

test('a pause answers with the pool and why it stands still; jobs are accepted meanwhile and start on resume', async () => {
  const paused = await post('pools/default/pause', { reason: 'A new image.' });
  expect(paused.status).toBe(200);
  const halt = {
    kind: 'paused',
    reason: 'A new image.',
    everywhere: false,
    since: expect.stringMatching(/^\d{4}-.*Z$/),
  };
  expect(paused.json).toMatchObject({ profile: 'default', suspended: false, halts: [halt] });
  const job = await post('jobs', { prompt: 'hi' });
  expect(job.status).toBe(202);
  expect(job.json).toMatchObject({ state: 'queued' });
  expect((await cluster.api.send('GET', '/api/v1/pools')).json.pools).toMatchObject([{ halts: [halt] }]);
  expect((await post('pools/default/resume')).json).toMatchObject({ halts: [] });
  (await cluster.engines.next()).succeed();
});

test('all pools are paused and resumed at once', async () => {
  expect((await post('pools/pause')).json.pools).toMatchObject([{ halts: [{ kind: 'paused', everywhere: true }] }]);
  expect((await post('pools/resume')).json.pools).toMatchObject([{ halts: [] }]);
});

test('a worker is cordoned, uncordoned and drained, and says so', async () => {
  const { id, led } = await cluster.begin();
  const { worker } = (await cluster.api.send('GET', `/api/v1/jobs/${id}`)).json;
  expect((await post(`workers/${worker}/cordon`)).json).toMatchObject({ id: worker, cordoned: true });
  expect((await post(`workers/${worker}/uncordon`)).json).toMatchObject({ id: worker, cordoned: false });
  const drained = await post(`workers/${worker}/drain`, { limitMs: 60_000 });
  expect(drained.json).toMatchObject({ id: worker, phase: 'draining', drainBy: expect.stringMatching(/Z$/), job: id });
  expect((await post(`workers/${worker}/drain`)).json).toMatchObject({
    drainBy: (drained.json as { drainBy?: string }).drainBy,
  });
  led.succeed();
  await expect
    .poll(async () => (await cluster.api.send('GET', `/api/v1/jobs/${id}`)).json.state, { timeout: 5_000 })
    .toBe('succeeded');
});

test('a pool is drained by a limit, and is none the worse for it afterwards', async () => {
  const drained = await post('pools/default/drain', { limitMs: 1_000, reason: 'A new kernel.' });
  expect(drained.json).toMatchObject({ halts: [{ kind: 'drained', by: expect.stringMatching(/Z$/) }] });
  await expect
    .poll(async () => (await cluster.api.send('GET', '/api/v1/workers')).json.workers, { timeout: 15_000 })
    .toEqual([]);
  expect((await post('pools/default/resume')).status).toBe(200);
  (await cluster.begin()).led.succeed();
});

test.each([
  ['pools/nobody/pause', 'pool.unknown'],
  ['pools/nobody/resume', 'pool.unknown'],
  ['pools/nobody/drain', 'pool.unknown'],
  ['workers/nobody/cordon', 'worker.unknown'],
  ['workers/nobody/uncordon', 'worker.unknown'],
  ['workers/nobody/drain', 'worker.unknown'],
])('%s is 404 with its own code', async (path, code) => {
  const answer = await post(path);
  expect(answer.status).toBe(404);
  expect(answer.json).toMatchObject({ code });
});

test.each([
  ['pools/default/drain', { limitMs: -1 }, 'limitMs'],
  ['workers/w/drain', { limitMs: 1.5 }, 'limitMs'],
  ['pools/default/pause', { reason: '' }, 'reason'],
  ['pools/pause', { why: 'x' }, 'why'],
])('%s refuses %o with the path of its fault', async (path, body, fault) => {
  const answer = await post(path, body);
  expect(answer.status).toBe(400);
  expect(answer.json.faults.map((each) => each.path)).toEqual([fault]);
});
