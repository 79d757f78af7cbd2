import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentedFigures, figuresIn, hasPromtool, promtoolFaults } from '../../contract/documents/metrics.js';
import { startRedis } from '../redis.js';
import type { TestRedis } from '../redis.js';
import { startApi } from './running-api.js';
import type { RunningApi } from './running-api.js';

let redis: TestRedis;
let api: RunningApi;
beforeAll(async () => {
  redis = await startRedis();
  api = await startApi(redis.url);
});
afterAll(async () => {
  await api.close();
  await redis.close();
});

const metrics = async (): Promise<string> => (await api.send('GET', '/metrics')).text;
const linesOf = async (name: string): Promise<readonly string[]> =>
  (await metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));

test('the api has every figure that is documented, and no other', async () => {
  const wanted = documentedFigures().filter(({ app }) => app === 'api');
  expect(figuresIn(await metrics())).toEqual(wanted.map(({ name }) => name).sort());
});

test('requests are counted by their route and status, and timed', async () => {
  await api.send('GET', '/api/v1/jobs/j-unknown');
  await api.send('GET', '/no/such/path');
  const counted = await linesOf('remuda_http_requests_total');
  expect(counted.join('\n')).toMatch(/method="GET",route="\/api\/v1\/jobs\/:id",status="404",app="api"} 1$/m);
  expect(counted.join('\n')).not.toMatch(/j-unknown|no\/such/);
  expect((await linesOf('remuda_http_request_seconds_count')).join('\n')).toMatch(
    /route="\/api\/v1\/jobs\/:id".*} 1$/m,
  );
});

test('a request that asked to wait is counted and not timed', async () => {
  await api.send('POST', '/api/v1/jobs', { prompt: 'hi' }, { prefer: 'wait=1' });
  expect((await linesOf('remuda_http_requests_total')).join('\n')).toMatch(/route="\/api\/v1\/jobs",status="202"/);
  expect((await linesOf('remuda_http_request_seconds_count')).join('\n')).not.toMatch(/"POST",route="\/api\/v1\/jobs"/);
});

test('jobs are counted by profile, and once for a repeated request', async () => {
  const before = await accepted();
  const key = { 'idempotency-key': 'once' };
  for (let i = 0; i < 2; i++) await api.send('POST', '/api/v1/jobs', { prompt: 'hi' }, key);
  expect((await accepted()) - before).toBe(1);
  expect((await linesOf('remuda_jobs_submitted_total')).join('\n')).toMatch(/outcome="repeated".*} 1$/m);
});

test.skipIf(!hasPromtool)("Prometheus's own check finds nothing wrong", async () => {
  expect(promtoolFaults(await metrics())).toBe('');
});

async function accepted(): Promise<number> {
  const line = (await linesOf('remuda_jobs_submitted_total')).find((one) => one.includes('outcome="accepted"'));
  return Number(line?.split(' ').at(-1) ?? 0);
}
