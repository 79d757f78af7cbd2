import { afterAll, beforeAll, expect, test } from 'vitest';
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

test('the document is OpenAPI 3.1 and names every route', async () => {
  const { json } = await api.send('GET', '/api/docs-json');
  expect(json.openapi).toMatch(/^3\.1\./);
  const routes = Object.entries(json.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(routes.sort()).toEqual([
    'DELETE /api/v1/sessions/{id}',
    'DELETE /api/v1/uploads/{id}',
    'GET /api/v1/audit',
    'GET /api/v1/bridges',
    'GET /api/v1/dead-letters',
    'GET /api/v1/dead-letters/{id}',
    'GET /api/v1/jobs',
    'GET /api/v1/jobs/{id}',
    'GET /api/v1/jobs/{id}/artifacts',
    'GET /api/v1/jobs/{id}/artifacts.tar',
    'GET /api/v1/jobs/{id}/artifacts/{path}',
    'GET /api/v1/jobs/{id}/attempts',
    'GET /api/v1/jobs/{id}/events',
    'GET /api/v1/jobs/{id}/result',
    'GET /api/v1/jobs/{id}/webhook/deliveries',
    'GET /api/v1/pools',
    'GET /api/v1/sessions',
    'GET /api/v1/sessions/{id}',
    'GET /api/v1/sessions/{id}/events',
    'GET /api/v1/sessions/{id}/files',
    'GET /api/v1/sessions/{id}/files/{path}',
    'GET /api/v1/sessions/{id}/messages',
    'GET /api/v1/sessions/{id}/transcript',
    'GET /api/v1/stream',
    'GET /api/v1/tenants',
    'GET /api/v1/uploads/{id}',
    'GET /api/v1/usage',
    'GET /api/v1/workers',
    'GET /api/v1/workers/{id}/screen',
    'GET /health/live',
    'GET /health/ready',
    'GET /metrics',
    'POST /api/v1/dead-letters/redrive',
    'POST /api/v1/dead-letters/{id}/redrive',
    'POST /api/v1/jobs',
    'POST /api/v1/jobs/batch',
    'POST /api/v1/jobs/{id}/cancel',
    'POST /api/v1/jobs/{id}/webhook/replay',
    'POST /api/v1/pools/pause',
    'POST /api/v1/pools/resume',
    'POST /api/v1/pools/{profile}/drain',
    'POST /api/v1/pools/{profile}/pause',
    'POST /api/v1/pools/{profile}/resume',
    'POST /api/v1/sessions',
    'POST /api/v1/sessions/{id}/fork',
    'POST /api/v1/sessions/{id}/stop',
    'POST /api/v1/sessions/{id}/turns',
    'POST /api/v1/tickets',
    'POST /api/v1/workers/{id}/cordon',
    'POST /api/v1/workers/{id}/drain',
    'POST /api/v1/workers/{id}/uncordon',
    'PUT /api/v1/sessions/{id}/files/{path}',
    'PUT /api/v1/sessions/{id}/transcript',
    'PUT /api/v1/uploads',
  ]);
});

test('every reference in the document leads somewhere', async () => {
  const { json, text } = await api.send('GET', '/api/docs-json');
  const names = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(names).toContain('SubmitJob');
  for (const name of names) expect(Object.keys(json.components.schemas)).toContain(name);
});

test('every field of a job is described with its limits', async () => {
  const submitJob = (await api.send('GET', '/api/docs-json')).json.components.schemas['SubmitJob']!;
  expect(submitJob.required).toEqual(['prompt']);
  expect(Object.keys(submitJob.properties)).toHaveLength(29);
  expect(submitJob.properties['priority']).toMatchObject({ type: 'integer', minimum: 1, maximum: 10 });
});

test('every body that is offered as an example is accepted as it is', async () => {
  const { json } = await api.send('GET', '/api/docs-json');
  const bodies = Object.entries(json.paths).flatMap(([path, item]) =>
    Object.entries(item as Readonly<Record<string, Described>>).flatMap(([method, { requestBody }]) =>
      Object.values(requestBody?.content['application/json']?.examples ?? {}).map(
        ({ value }) => [method.toUpperCase(), path, value] as const,
      ),
    ),
  );
  expect(bodies.length).toBeGreaterThan(8);
  for (const [method, path, body] of bodies) {
    const { status, text } = await api.send(method, path.replace('{profile}', 'default').replace('{id}', 'j-1'), body);
    expect([200, 201, 202, 404], `${method} ${path}: ${text}`).toContain(status);
  }
});

interface Described {
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly examples?: Readonly<Record<string, { value: object }>> }>>;
  };
}

test('there is a page to read it', async () => {
  const page = await api.send('GET', '/api/docs');
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toContain('text/html');
});

test('a page of another origin may not read answers, unless it is named', async () => {
  const headers = { origin: 'https://app.example' };
  expect(
    (await api.send('GET', '/api/v1/pools', undefined, headers)).headers.get('access-control-allow-origin'),
  ).toBeNull();
  const open = await startApi(redis.url, { env: { REMUDA_API_ORIGINS: 'https://app.example, https://b.example' } });
  try {
    const answer = await open.send('GET', '/api/v1/pools', undefined, headers);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
  } finally {
    await open.close();
  }
});
