import { script, type Step } from '@remuda/scripted-model';
import type { JobEvent } from '@remuda/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type TestCluster } from './harness/cluster.js';

/** The answer of an account that is used up until then, in epoch seconds, as Claude Code 2.1.197 reads it. */
const usedUp = (reset: number): Step => ({
  error: {
    ...{ status: 429, type: 'rate_limit_error', message: 'This request would exceed your account’s rate limit.' },
    headers: {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': String(reset),
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
    },
  },
});
const inSeconds = (seconds: number): number => Math.ceil(Date.now() / 1_000) + seconds;

describe('a job that meets the usage limit', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ runtime: 'process', warm: 1 });
  });
  afterAll(() => cluster.stop());

  async function eventsOf(id: string): Promise<readonly JobEvent[]> {
    const events: JobEvent[] = [];
    for await (const event of cluster.api.events(id)) events.push(event);
    return events;
  }

  test('waits until it is lifted, if it wants to: without a counted attempt, and without asking meanwhile', async () => {
    const reset = inSeconds(12);
    cluster.model.queue(usedUp(reset));
    const id = await cluster.api.submit({ prompt: script({ text: 'at last' }), onLimit: 'wait', attempts: 1 });
    const events = await eventsOf(id);
    const back = events.find((event) => event.type === 'job.requeued');
    expect(back?.data, JSON.stringify(events)).toMatchObject({
      counted: false,
      failure: { code: 'model.limit_reached', resetAt: reset * 1_000 },
    });
    expect(back?.data.wakeAt).toBeGreaterThanOrEqual(reset * 1_000);
    expect(await cluster.api.job(id)).toMatchObject({ state: 'succeeded', attempt: 2, failures: 0, requeues: 0 });
    const [refused, answered, ...more] = cluster.model.requests.filter((request) => request.main);
    expect(refused?.status).toBe(429);
    expect(answered?.at).toBeGreaterThanOrEqual(reset * 1_000);
    expect(more).toEqual([]);
  });

  test('fails at once, if it does not, and says when the limit is lifted', async () => {
    const reset = inSeconds(3_600);
    cluster.model.queue(usedUp(reset));
    const id = await cluster.api.submit({ prompt: script({ text: 'never' }) });
    const job = await cluster.api.over(id);
    expect(job).toMatchObject({ state: 'failed', attempt: 1, failure: { code: 'model.limit_reached' } });
    expect(job.failure?.message).toContain(new Date(reset * 1_000).toISOString());
  });

  test('can be seen and cancelled while it waits', async () => {
    const reset = inSeconds(3_600);
    cluster.model.queue(usedUp(reset));
    const id = await cluster.api.submit({ prompt: script({ text: 'never' }), onLimit: 'wait' });
    for await (const event of cluster.api.events(id)) if (event.type === 'job.requeued') break;
    expect(await cluster.api.job(id)).toMatchObject({
      ...{ state: 'queued', failure: { code: 'model.limit_reached' } },
      wakeAt: expect.stringMatching(new Date(reset * 1_000).toISOString().slice(0, 15)) as string,
    });
    await cluster.api.cancel(id);
    expect(await cluster.api.over(id)).toMatchObject({ state: 'cancelled' });
  });
});
