import { afterEach, expect, test } from 'vitest';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { HealthModule, Readiness } from './health.module.js';
import { createLogger } from './log.js';
import { MetricsModule } from './metrics.module.js';
import { createApp } from './run-app.js';

class TestModule {
  readonly name = 'test';
}

let app: NestFastifyApplication | undefined;
afterEach(() => app?.close());

async function appWith(check: () => Promise<unknown>): Promise<NestFastifyApplication> {
  const imports = [HealthModule.register({ checks: { redis: check } }), MetricsModule.register({ app: 'test' })];
  const logger = createLogger({ name: 'test', level: 'silent' });
  app = await createApp({ module: { module: TestModule, imports }, logger });
  await app.init();
  return app;
}

const get = async (path: string): Promise<{ status: number; body: string; type: string }> => {
  if (!app) throw new Error('no app');
  const reply = await app.inject({ method: 'GET', url: path });
  return { status: reply.statusCode, body: reply.body, type: String(reply.headers['content-type']) };
};

test('an app with working checks is live and ready', async () => {
  await appWith(() => Promise.resolve());
  expect(await get('/health/live')).toMatchObject({ status: 200, body: '{"status":"live"}' });
  expect(await get('/health/ready')).toMatchObject({ status: 200, body: '{"status":"ready","checks":{"redis":"up"}}' });
});

test('a failing check makes it not ready and says why, while it stays live', async () => {
  await appWith(() => Promise.reject(new Error('connection refused')));
  expect(await get('/health/live')).toMatchObject({ status: 200 });
  expect(await get('/health/ready')).toMatchObject({
    status: 503,
    body: '{"status":"not ready","checks":{"redis":"connection refused"}}',
  });
});

test('a check without an answer does not hold the probe up', async () => {
  await appWith(() => new Promise(() => undefined));
  expect(await get('/health/ready')).toMatchObject({ status: 503 });
});

test('from the first hook of the shutdown on it is not ready', async () => {
  const running = await appWith(() => Promise.resolve());
  running.get(Readiness, { strict: false }).onModuleDestroy();
  expect(await get('/health/ready')).toMatchObject({ status: 503, body: '{"status":"shutting down","checks":{}}' });
});

test('its figures are in the Prometheus text format, labelled with the app', async () => {
  await appWith(() => Promise.resolve());
  const metrics = await get('/metrics');
  expect(metrics.type).toContain('text/plain; version=0.0.4');
  expect(metrics.body).toMatch(/process_resident_memory_bytes\{app="test"\} \d+/);
});
