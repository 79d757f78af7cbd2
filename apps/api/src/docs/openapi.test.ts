import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { lintFromString, loadConfig } from '@redocly/openapi-core';
import type { OpenAPIObject } from '@nestjs/swagger';
import { isScope, readSettings } from '@remuda/domain';
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

type Operation = {
  operationId?: string;
  security?: Record<string, string[]>[];
  tags?: string[];
  responses: Record<string, object>;
};
const operations = (): readonly (readonly [string, Operation])[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, one]) => [`${method} ${path}`, one] as const),
  );
const schemas = () => document.components?.schemas as Record<string, { properties?: Record<string, object> }>;

/** What a linter finds wrong in a document, by the rules of redocly.yaml: errors and warnings. */
async function lint(of: object): Promise<readonly string[]> {
  const config = await loadConfig({ configPath: fileURLToPath(new URL('../../../../redocly.yaml', import.meta.url)) });
  const problems = await lintFromString({ source: JSON.stringify(of), absoluteRef: 'openapi.json', config });
  return problems.map(({ ruleId, location }) => `${ruleId} ${location[0]?.pointer ?? ''}`);
}

test('a linter of OpenAPI documents finds nothing wrong, and nothing to warn of', async () => {
  expect(await lint(document)).toEqual([]);
});

test.each<[string, string, (broken: Broken) => unknown]>([
  ['info-contact', 'no contact', ({ info }) => delete info['contact']],
  ['info-license-url', 'a license without an address', ({ info }) => delete info['license']?.['url']],
  ['rule/info-description', 'no description', ({ info }) => delete info['description']],
  ['rule/operation-success-response', 'no success', ({ get }) => (get['responses'] = { 400: { description: 'x' } })],
  ['rule/operation-tags', 'no tag', ({ get }) => delete get['tags']],
  ['operation-tag-defined', 'an unknown tag', ({ get }) => (get['tags'] = ['unknown'])],
  ['operation-description', 'no description of an operation', ({ get }) => delete get['description']],
  ['operation-operationId', 'no name of an operation', ({ get }) => delete get['operationId']],
  ['operation-operationId-url-safe', 'a name with a space', ({ get }) => (get['operationId'] = 'list jobs')],
  ['rule/no-code-in-descriptions', 'a script in a text', ({ get }) => (get['description'] = '<script>x</script>')],
  ['rule/array-items', 'an array of what', ({ schemas }) => (schemas['Odd'] = { type: 'array' })],
  ['no-unused-components', 'a schema that nobody names', ({ schemas }) => (schemas['Odd'] = { type: 'string' })],
  ['no-enum-type-mismatch', 'words of another type', ({ schemas }) => (schemas['Odd'] = { type: 'string', enum: [1] })],
  ['no-invalid-schema-examples', 'a wrong example', ({ schemas }) => (schemas['Odd'] = { type: 'string', example: 1 })],
  ['struct', 'what is no OpenAPI', ({ get }) => (get['nonsense'] = true)],
])('it would find, as %s, %s', async (rule, _what, damage) => {
  const copy = structuredClone(document) as unknown as Broken['whole'];
  damage({ whole: copy, info: copy.info, get: copy.paths['/api/v1/jobs']!['get']!, schemas: copy.components.schemas });
  expect((await lint(copy)).map((problem) => problem.split(' ')[0])).toContain(rule);
});

type Node = Record<string, unknown>;
/** A document and the parts of it that a test damages. */
interface Broken {
  readonly whole: {
    readonly info: Record<string, Node>;
    readonly paths: Record<string, Record<string, Node>>;
    readonly components: { readonly schemas: Record<string, Node> };
  };
  readonly info: Record<string, Node>;
  readonly get: Node;
  readonly schemas: Record<string, Node>;
}

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
test('each operation says which token it needs, except those that need none', () => {
  const open = operations().filter(([, { security = [] }]) => security.length === 0);
  expect(open.map(([, { operationId }]) => operationId)).toEqual(['getLiveness', 'getReadiness']);
  for (const [name, { security = [] }] of operations())
    for (const needed of security)
      expect([name, Object.keys(needed), needed['token']]).toEqual([
        name,
        ['token'],
        expect.toSatisfy((words: string[]) => words.length <= 1 && words.every(isScope)),
      ]);
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
  expect(document.tags?.map(({ name }) => name)).toEqual([
    'jobs',
    'files',
    'sessions',
    'events',
    'dead letters',
    'pools',
    'operation',
  ]);
});
