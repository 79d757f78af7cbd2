import type { Step } from '@remuda/scripted-model';
import type { JobEvent } from '@remuda/domain';
import { redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { costMicroUsd, noUsage } from '../../apps/bridge/src/model/budget/prices.js';
import { startCluster, type TestCluster } from './harness/cluster.js';

const longMs = 180_000;
const inputTokens = 1_000;

/** An answer that costs something, after which the model is not asked again: Claude Code is gone. */
const lastWords = (outputTokens: number): Step => ({
  tools: [{ name: 'Bash', input: { command: 'kill -9 $PPID', description: 'end Claude Code' } }],
  usage: { input_tokens: inputTokens, output_tokens: outputTokens },
});

interface ShownAttempt {
  readonly attempt: number;
  readonly costUsd?: number;
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
  readonly failure: { readonly code: string };
}

describe('a job whose Claude Code is killed after an answer that was paid for', () => {
  let cluster: TestCluster;
  let redis: RawConnection;
  beforeAll(async () => {
    // Without snapshots each attempt asks anew, and costs what its own answers cost.
    cluster = await startCluster({ runtime: 'process', warm: 1, env: { REMUDA_SNAPSHOT_EVERY_MS: '0' } });
    redis = connectRaw(cluster.redisUrl, { name: 'cost-test' });
  }, longMs);
  afterAll(async () => {
    redis.disconnect();
    await cluster.stop();
  });
  afterEach(() => cluster.model.reset());

  const counted = async (id: string): Promise<number> =>
    Number(await redis.hget(redisKeys(cluster.namespace).model(id), 'costMicroUsd')) / 1e6;

  /** What the answers so far cost by list prices, computed from what the model was asked. */
  function priceOf(...outputTokens: readonly number[]): number {
    const asked = cluster.model.requests.filter(({ main }) => main);
    expect(asked).toHaveLength(outputTokens.length);
    const each = outputTokens.map((tokens, n) =>
      costMicroUsd(asked[n]?.body?.model ?? '', { ...noUsage, inputTokens, outputTokens: tokens }),
    );
    return each.reduce((sum, price) => sum + price) / 1e6;
  }

  async function attemptsOf(id: string): Promise<readonly ShownAttempt[]> {
    return await cluster.api.remuda.attempts(id);
  }

  async function eventsOf(id: string): Promise<readonly JobEvent[]> {
    const events: JobEvent[] = [];
    for await (const event of cluster.api.events(id)) events.push(event);
    return events;
  }

  test(
    'has cost what the bridge counted in that attempt and in the one that succeeds',
    async () => {
      cluster.model.queue(lastWords(3_000), { text: 'done', usage: { input_tokens: inputTokens, output_tokens: 500 } });
      const id = await cluster.api.submit({ prompt: 'hi' });
      const events = await eventsOf(id);
      const told = JSON.stringify(events, undefined, 1);
      const [first, both] = [costOf(3_000), priceOf(3_000, 500)];
      expect(await attemptsOf(id), told).toMatchObject([
        {
          attempt: 1,
          failure: { code: 'engine.crashed' },
          costUsd: first,
          usage: { inputTokens, outputTokens: 3_000 },
        },
      ]);
      const all = { state: 'succeeded', costUsd: both, usage: { inputTokens: 2 * inputTokens, outputTokens: 3_500 } };
      expect(await cluster.api.job(id), told).toMatchObject({ ...all, attempt: 2 });
      expect(await cluster.api.result(id)).toMatchObject({ ...all, text: 'done' });
      expect(events.at(-1)).toMatchObject({ type: 'job.over', data: { costUsd: both } });
      expect(await counted(id)).toBe(both);
      // By what Claude Code itself says, the one that was killed has cost nothing.
      expect(events.filter(({ type }) => type === 'turn.ended')).toMatchObject([
        { attempt: 1, data: { costUsd: 0 } },
        { attempt: 2, data: { costUsd: expect.closeTo(both - first, 9) as number } },
      ]);
    },
    longMs,
  );

  test(
    'has cost the sum of its attempts, of which each shows its own, where all of them are killed',
    async () => {
      cluster.model.queue(lastWords(2_000), lastWords(700));
      const id = await cluster.api.submit({ prompt: 'hi', attempts: 2 });
      const told = JSON.stringify(await eventsOf(id), undefined, 1);
      const sum = priceOf(2_000, 700);
      const attempts = await attemptsOf(id);
      expect(attempts, told).toMatchObject([
        { attempt: 1, costUsd: costOf(2_000), usage: { inputTokens, outputTokens: 2_000 } },
        { attempt: 2, costUsd: costOf(700), usage: { inputTokens, outputTokens: 700 } },
      ]);
      expect(attempts.reduce((total, { costUsd = 0 }) => total + costUsd, 0)).toBeCloseTo(sum, 9);
      expect(await cluster.api.job(id), told).toMatchObject({ state: 'failed', costUsd: sum });
      expect(await counted(id)).toBe(sum);
    },
    longMs,
  );

  /** One answer's price; all of them come from the same model. */
  const costOf = (outputTokens: number): number => {
    const model = cluster.model.requests.find(({ main }) => main)?.body?.model ?? '';
    return costMicroUsd(model, { ...noUsage, inputTokens, outputTokens }) / 1e6;
  };
});
