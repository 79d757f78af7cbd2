import { redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApiCluster } from './api-cluster.js';
import type { ApiCluster } from './api-cluster.js';
import { openSse } from './sse-client.js';

let cluster: ApiCluster;
let redis: RawConnection;
beforeAll(async () => {
  cluster = await startApiCluster();
  redis = connectRaw(cluster.redis.url, { name: 'test' });
});
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});

const job = async (id: string) => (await cluster.api.send('GET', `/api/v1/jobs/${id}`)).json;
const eventsOf = async (id: string) => (await openSse(cluster.api.url, id)).rest();
const limited = { code: 'model.rate_limited', message: 'API Error: 429' } as const;

/** A job whose first request was refused until then, as the bridge has seen it. */
async function meetLimit(resetAt: number, body: object = {}): Promise<string> {
  const { id, led } = await cluster.begin({ attempts: 1, ...body });
  await redis.hset(redisKeys(cluster.api.namespace).model(id), 'limitResetAt', resetAt);
  led.fail(limited);
  return id;
}

test('a job that wants to wait is parked until the limit is lifted, and goes on then', async () => {
  const resetAt = Date.now() + 2_000;
  const id = await meetLimit(resetAt, { onLimit: 'wait' });
  (await cluster.engines.next()).succeed();
  const events = await eventsOf(id);
  const [back] = events.filter((event) => event.type === 'job.requeued');
  expect(back?.data).toMatchObject({ counted: false, failure: { code: 'model.limit_reached', resetAt } });
  const again = events.filter((event) => event.type === 'job.assigned')[1];
  expect(again?.at).toBeGreaterThanOrEqual(back?.data.wakeAt ?? Infinity);
  expect(back?.data.wakeAt).toBeGreaterThanOrEqual(resetAt);
  expect(await job(id)).toMatchObject({
    ...{ state: 'succeeded', attempt: 2, failures: 0, requeues: 0 },
    retried: { 'model.limit_reached': 1 },
  });
});

test('a job that waits shows until when and why, and can be cancelled', async () => {
  const resetAt = Date.now() + 3_600_000;
  const id = await meetLimit(resetAt, { onLimit: 'wait' });
  await expect.poll(async () => (await job(id)).state).toBe('queued');
  expect(await job(id)).toMatchObject({ onLimit: 'wait', failure: { code: 'model.limit_reached', resetAt } });
  expect(Date.parse((await job(id)).wakeAt)).toBeGreaterThanOrEqual(resetAt);
  expect((await cluster.api.send('POST', `/api/v1/jobs/${id}/cancel`)).status).toBe(200);
  expect(await job(id)).toMatchObject({ state: 'cancelled' });
});

test('a job that does not want to wait fails, and says until when; a redrive tries again', async () => {
  const resetAt = Date.now() + 3_600_000;
  const id = await meetLimit(resetAt);
  await eventsOf(id);
  const { failure } = (await cluster.api.send('GET', `/api/v1/dead-letters/${id}`)).json.history[0] ?? {};
  expect(failure).toMatchObject({ code: 'model.limit_reached', resetAt });
  expect(failure?.message).toContain(new Date(resetAt).toISOString());
  await cluster.api.send('POST', `/api/v1/dead-letters/${id}/redrive`);
  // What the bridge has seen is of the attempt before: this one failed for another reason.
  (await cluster.engines.next()).fail(limited);
  await eventsOf(id);
  expect(await job(id)).toMatchObject({ state: 'failed', failure: { code: 'model.rate_limited' } });
});

test('a worker that speaks of a limit which the bridge has not seen is not believed', async () => {
  const { id, led } = await cluster.begin({ attempts: 1, onLimit: 'wait' });
  led.fail({ code: 'model.limit_reached', message: 'for long', resetAt: Date.now() + 86_400_000 });
  await eventsOf(id);
  const { state, failure } = (await job(id)) as unknown as { state: string; failure: object };
  expect(state).toBe('failed');
  expect(failure).toEqual({ code: 'model.rate_limited', message: 'for long' });
});

test.each(['waits', '', null, 5])('an onLimit of %j is refused', async (onLimit) => {
  const { json } = await cluster.api.send('POST', '/api/v1/jobs', { prompt: 'hi', onLimit });
  expect(json.faults).toMatchObject([{ path: 'onLimit' }]);
});
