import 'reflect-metadata';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import type { OpenAPIObject } from '@nestjs/swagger';
import { readSettings } from '@remuda/domain';
import { createApp } from '@remuda/runtime';
import { beforeAll, expect, test } from 'vitest';
import { eventFields } from '../events/event-fields.js';
import { eventSchemaName } from '../events/event-schemas.js';
import { planApi } from '../plan.js';
import { apiSettings } from '../settings.js';
import { describeApi } from './openapi.js';

let document: OpenAPIObject;
beforeAll(async () => {
  // Nobody listens there: the document needs no Redis.
  const env = { REMUDA_REDIS_URL: 'redis://127.0.0.1:1', REMUDA_LOG_LEVEL: 'silent' };
  const app = await createApp(planApi(readSettings(apiSettings, env)));
  document = describeApi(app);
  await app.close();
}, 60_000);

type Operation = { operationId?: string; tags?: string[]; responses: Record<string, object> };
const operations = (): readonly (readonly [string, Operation])[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, one]) => [`${method} ${path}`, one] as const),
  );
const schemas = () => document.components?.schemas as Record<string, { properties?: Record<string, object> }>;

test('a linter of OpenAPI documents finds nothing wrong, but that a WebSocket has no answer of its own', async () => {
  const config = await createConfig({ extends: ['recommended'] });
  const source = JSON.stringify(document);
  const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  expect(problems.map(({ ruleId, location }) => `${ruleId} ${location[0]?.pointer ?? ''}`)).toEqual([
    'operation-2xx-response #/paths/~1api~1v1~1stream/get/responses',
  ]);
});

test('each operation has a public name of its own, a tag, and schemas for what may go wrong', () => {
  const ids = operations().map(([, { operationId }]) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [name, { operationId, tags = [], responses }] of operations()) {
    expect(operationId, name).toMatch(/^[a-z][A-Za-z]+$/);
    expect(
      document.tags?.map((tag) => tag.name),
      name,
    ).toContain(tags[0]);
    for (const [status, response] of Object.entries(responses))
      if (status !== '101' && status !== '204') expect([name, status, response]).toEqual([name, status, described]);
  }
});
const described = expect.objectContaining({ content: expect.any(Object) as unknown }) as unknown;

test('an event is one of a union by its type', () => {
  const types = Object.keys(eventFields);
  expect(schemas()['JobEvent']).toMatchObject({ oneOf: types.map((type) => ({ $ref: refTo(type) })) });
  for (const type of types) expect(Object.keys(schemas())).toContain(eventSchemaName(type));
});
const refTo = (type: string): string => `#/components/schemas/${eventSchemaName(type)}`;

test('what has a default is told in words, since generated clients would ask for it', () => {
  const withDefault = Object.entries(schemas()).flatMap(([name, { properties = {} }]) =>
    Object.entries(properties)
      .filter(([, property]) => 'default' in property)
      .map(([field]) => `${name}.${field}`),
  );
  expect(withDefault).toEqual([]);
  expect(schemas()['SubmitJob']?.properties?.['priority']).toMatchObject({ description: '1 is first. Default: 5.' });
});

test('the parts that a page shows first are the jobs', () => {
  expect(document.tags?.map(({ name }) => name)).toEqual(['jobs', 'events', 'dead letters', 'pools', 'operation']);
});
