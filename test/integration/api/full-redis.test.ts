import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { startApiCluster, type ApiCluster } from './api-cluster.js';

let cluster: ApiCluster;
let admin: RawConnection;
beforeAll(async () => {
  cluster = await startApiCluster();
  admin = connectRaw(cluster.redis.url, { name: 'test-admin' });
});
afterAll(async () => {
  admin.disconnect();
  await cluster.stop();
});

const stateOf = async (id: string): Promise<string> => (await cluster.api.send('GET', `/api/v1/jobs/${id}`)).json.state;

test('a full Redis refuses new jobs, lets those that run finish, and takes jobs again when there is room', async () => {
  const kept = await cluster.begin();
  const cancelled = await cluster.begin();
  // No policy but this one keeps every key; a limit below what is in use leaves no room at all.
  await admin.config('SET', 'maxmemory-policy', 'noeviction');
  await admin.config('SET', 'maxmemory', '1');

  const refused = await cluster.api.send('POST', '/api/v1/jobs', { prompt: 'one more' });
  expect(refused.status).toBe(503);
  expect(refused.json).toMatchObject({ code: 'redis.full' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const batch = await cluster.api.send('POST', '/api/v1/jobs/batch', { jobs: [{ prompt: 'a' }, { prompt: 'b' }] });
  expect(batch.json).toMatchObject({ code: 'redis.full' });

  for (let i = 0; i < 50; i++) kept.led.say(`line ${String(i)}`);
  kept.led.succeed({ text: 'done in spite of it' });
  await expect.poll(() => stateOf(kept.id), { timeout: 10_000 }).toBe('succeeded');
  const { json } = await cluster.api.send('GET', `/api/v1/jobs/${kept.id}/result`);
  expect(json).toMatchObject({ text: 'done in spite of it' });
  const events = await cluster.api.send('GET', `/api/v1/jobs/${kept.id}/events?format=json&limit=100`);
  expect(events.json.events.filter((event) => event.type === 'message.text')).toHaveLength(50);

  const asked = await cluster.api.send('POST', `/api/v1/jobs/${cancelled.id}/cancel`);
  expect(asked.status).toBe(202);
  await expect.poll(() => stateOf(cancelled.id), { timeout: 10_000 }).toBe('cancelled');
  expect((await cluster.api.send('POST', '/api/v1/pools/default/pause')).status).toBe(200);
  expect((await cluster.api.send('POST', '/api/v1/pools/default/resume')).status).toBe(200);

  // Nothing of what was refused is left behind.
  expect((await cluster.api.send('GET', '/api/v1/jobs')).json.jobs).toHaveLength(2);
  await admin.config('SET', 'maxmemory', '0');
  const after = await cluster.begin();
  after.led.succeed();
  await expect.poll(() => stateOf(after.id), { timeout: 10_000 }).toBe('succeeded');
}, 60_000);
