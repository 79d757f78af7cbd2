import type { PoolRecord } from '@remuda/domain';
import { createApp, createLogger } from '@remuda/runtime';
import { afterEach, expect, test } from 'vitest';
import { ScaleController, scaledPools } from './scale.controller.js';

class TestModule {
  readonly name = 'test';
}

const workers = { starting: 0, idle: 1, busy: 3, draining: 0, gone: 0 };
const pool: PoolRecord = {
  ...{ profile: 'review', warm: 2, max: 8, workers, waiting: 4, delayed: 0, running: 3, suspended: false, halts: [] },
};

let app: Awaited<ReturnType<typeof createApp>> | undefined;
afterEach(() => app?.close());

async function scaleOf(pools: () => Promise<readonly PoolRecord[]>, profile: string) {
  const providers = [{ provide: scaledPools, useValue: pools }];
  const module = { module: TestModule, controllers: [ScaleController], providers };
  app = await createApp({ module, logger: createLogger({ name: 'test', level: 'silent' }) });
  await app.init();
  const { statusCode, payload } = await app.inject({ method: 'GET', url: `/internal/scale/${profile}` });
  return { status: statusCode, body: JSON.parse(payload) as unknown };
}

test('an autoscaler is told how many workers a profile needs', async () => {
  expect(await scaleOf(async () => [pool], 'review')).toEqual({
    status: 200,
    body: { profile: 'review', desiredWorkers: 7 },
  });
});

test('a drained profile needs none', async () => {
  const halts = [{ kind: 'drained', since: 0, reason: 'An upgrade.' }] as const;
  const answer = await scaleOf(async () => [{ ...pool, halts }], 'review');
  expect(answer.body).toEqual({ profile: 'review', desiredWorkers: 0 });
});

test.each([
  ['a profile that there never was', [], 404],
  ['one that was removed', [{ ...pool, removed: true as const }], 404],
])('there is no number for %s', async (_, pools, status) => {
  expect(await scaleOf(async () => pools, 'review')).toMatchObject({
    status,
    body: { message: expect.stringContaining('review') as string },
  });
});

test('while Redis does not answer there is no number, which is not zero', async () => {
  expect(await scaleOf(() => Promise.reject(new Error('away')), 'review')).toMatchObject({ status: 503 });
});
