import { afterEach, beforeEach, expect, test } from 'vitest';
import { noUsage, type Failure, type NewEvent } from '@remuda/domain';
import { RedisDeadLetters, type HeldJob } from '@remuda/redis';
import { jobRef, jobSpec } from '@remuda/testing';
import { openRedisJobs, worker } from '../../contract/redis-jobs.js';
import { startRedis, type TestRedis } from '../redis.js';

const lost: Failure = { code: 'worker.lost', message: 'no heartbeat' };
const job = jobRef('j-1');
let server: TestRedis;
let jobs: Awaited<ReturnType<typeof openRedisJobs>>;

beforeEach(async () => {
  server = await startRedis();
  jobs = await openRedisJobs(server.url, 't');
  await jobs.store.submit([{ id: 'j-1', spec: jobSpec() }]);
});

afterEach(async () => {
  await jobs.close();
  await server.close();
});

/** The bridge counts a request. */
async function count(inputTokens: number, outputTokens: number, costMicroUsd: number): Promise<void> {
  const counts = { requests: 1, inputTokens, outputTokens, costMicroUsd };
  for (const [field, by] of Object.entries(counts)) await jobs.redis.hincrby(jobs.keys.model('j-1'), field, by);
}

async function lastEvent(): Promise<NewEvent | undefined> {
  const [entry] = await jobs.redis.xrevrange(jobs.keys.events('j-1'), '+', '-', 'COUNT', 1);
  return (JSON.parse(entry?.[1][5] ?? '[]') as NewEvent[]).at(-1);
}

const told = { usage: { ...noUsage, outputTokens: 1 }, costUsd: 0.25 };
const result = { text: 'a "quoted" }}] text', turns: 2, ...told };

test('what the bridge counted takes the place of what the worker tells, in record, event and result', async () => {
  await jobs.take();
  await count(10, 20, 1_234_567);
  await jobs.finish('j-1', result);
  const spent = { usage: { ...noUsage, inputTokens: 10, outputTokens: 20 }, costUsd: 1.234567 };
  expect((await jobs.leases.read('j-1'))?.job).toMatchObject({ state: 'succeeded', turns: 2, ...spent });
  expect(await jobs.store.result(job)).toEqual({ ...result, ...spent });
  expect(await lastEvent()).toMatchObject({ type: 'job.over', data: { state: 'succeeded', turns: 2, ...spent } });
});

test('what the worker tells stands if the bridge counted no request, and nothing does if there is no result', async () => {
  await jobs.take();
  await jobs.finish('j-1', result);
  expect((await jobs.leases.read('j-1'))?.job).toMatchObject(told);
  expect(await jobs.store.result(job)).toEqual(result);
  expect(await lastEvent()).toMatchObject({ type: 'job.over', data: { state: 'succeeded', ...told } });
  await jobs.store.submit([{ id: 'j-2', spec: jobSpec() }]);
  await jobs.take();
  await jobs.leases.settle({ job: 'j-2', worker, lease: 1 }, { state: 'failed', failure: lost });
  const ended = (await jobs.leases.read('j-2'))?.job;
  expect([ended?.state, ended?.usage, ended?.costUsd]).toEqual(['failed', undefined, undefined]);
});

test('an attempt is told its own share, and the job all of it', async () => {
  const claim = await jobs.claim();
  await jobs.registry.note(worker, { phase: 'idle' });
  await jobs.leases.assign(claim, worker);
  await count(100, 10, 400_000);
  const again = { state: 'queued', failure: lost, usage: 'requeues' } as const;
  await jobs.leases.settle({ job: 'j-1', worker, lease: 1, last: { lastText: 'so far' } }, again);
  expect(await lastEvent()).toMatchObject({ type: 'job.requeued', data: { failure: lost, counted: false } });
  await jobs.queue.giveBack(claim.held as HeldJob);
  await jobs.take();
  await count(50, 5, 100_000);
  await jobs.leases.settle({ job: 'j-1', worker, lease: 2 }, { state: 'failed', failure: lost });
  const [first, second] = await new RedisDeadLetters(jobs.redis, jobs.keys, jobs.clock).attempts(job);
  const share = (inputTokens: number, outputTokens: number, costUsd: number) => ({
    usage: { ...noUsage, inputTokens, outputTokens },
    costUsd,
  });
  expect(first).toMatchObject({ attempt: 1, lastText: 'so far', failure: lost, ...share(100, 10, 0.4) });
  expect(second).toMatchObject({ attempt: 2, failure: lost, ...share(50, 5, 0.1) });
  expect((await jobs.leases.read('j-1'))?.job).toMatchObject({ state: 'failed', ...share(150, 15, 0.5) });
});
