import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const rules = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as IConfiguration;
const libs = ['domain', 'protocol', 'redis', 'engine', 'runtime', 'testing'];

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'boundaries-'));
  for (const lib of libs) {
    const name = `@remuda/${lib}`;
    await write(
      `libs/${lib}/package.json`,
      JSON.stringify({
        ...{ name, type: 'module' },
        exports: { '.': { types: './src/index.ts' }, './testing': { types: './src/testing.ts' } },
      }),
    );
    await write(`libs/${lib}/src/testing.ts`, 'export const inside = 1;');
    await write(`libs/${lib}/src/index.ts`, `export const ${lib} = 1;`);
    await link(`libs/${lib}`, `node_modules/${name}`);
  }
  for (const pkg of ['bullmq', 'dockerode', '@kubernetes/client-node', '@nestjs/common'])
    await write(`node_modules/${pkg}/index.js`, '');
  for (const file of [
    'apps/api/src/main.ts',
    'libs/redis/src/inner.ts',
    'libs/domain/src/inner.ts',
    'test/e2e/cluster.ts',
  ])
    await write(file, 'export const there = 1;');
});

afterEach(() => rm(root, { recursive: true, force: true }));

test('a tree that keeps to the floor plan is clean', async () => {
  await write('apps/api/src/main.ts', `import '@remuda/redis'; import '@remuda/domain'; import '@nestjs/common';`);
  await write('libs/redis/src/inside.ts', `import 'bullmq'; import '@remuda/protocol';`);
  await write('libs/redis/src/inside.test.ts', `import '@remuda/testing'; import './inside.js';`);
  await write('apps/api/src/a.test.ts', `import '@remuda/redis/testing';`);
  expect(await brokenRules()).toEqual([]);
});

describe('the rules fail when', () => {
  test.each([
    ['a lib of floor 2 imports its neighbour', 'libs/redis/src/a.ts', '@remuda/engine', 'never-sideways'],
    ['it does so by a relative path', 'libs/redis/src/a.ts', '../../engine/src/index.js', 'never-sideways'],
    ['it does so for a type only', 'libs/redis/src/a.ts', 'type @remuda/engine', 'never-sideways'],
    ['domain imports anything', 'libs/domain/src/a.ts', '@remuda/protocol', 'ground-imports-nothing'],
    ['domain imports a module of Node', 'libs/domain/src/a.ts', 'node:fs', 'ground-imports-nothing'],
    ['protocol imports more than domain', 'libs/protocol/src/a.ts', '@remuda/redis', 'protocol-imports-domain-only'],
    ['a lib imports an app', 'libs/redis/src/a.ts', '../../../apps/api/src/main.js', 'never-up'],
    ['an app imports another', 'apps/worker/src/a.ts', '../../api/src/main.js', 'apps-are-apart'],
    ['an app speaks to BullMQ', 'apps/api/src/a.ts', 'bullmq', 'redis-only-in-redis'],
    ['an app speaks to Docker', 'apps/api/src/a.ts', 'dockerode', 'docker-only-in-containers'],
    ['an app speaks to Kubernetes', 'apps/api/src/a.ts', '@kubernetes/client-node', 'kubernetes-only-in-containers'],
    [
      'the engine starts a program past its runner',
      'libs/engine/src/a.ts',
      'node:child_process',
      'programs-by-the-runner',
    ],
    ['the worker has NestJS in it', 'apps/worker/src/a.ts', '@nestjs/common', 'no-nest-below-the-apps'],
    ['an adapter has NestJS in it', 'libs/engine/src/a.ts', '@nestjs/common', 'no-nest-below-the-apps'],
    [
      'an app enters a lib by the window',
      'apps/worker/src/a.ts',
      '../../../libs/redis/src/inner.js',
      'one-entry-per-lib',
    ],
    [
      'a lib enters a lib by the window',
      'libs/redis/src/a.ts',
      '../../domain/src/inner.js',
      'one-entry-per-lib-for-libs',
    ],
    ['a lib imports its own entry point', 'libs/redis/src/a.ts', './index.js', 'not-by-the-own-entry'],
    ['an app imports fakes', 'apps/api/src/a.ts', '@remuda/testing', 'testing-only-for-tests'],
    [
      'an app looks into a lib as tests do',
      'apps/api/src/a.ts',
      '@remuda/redis/testing',
      'testing-entry-only-for-tests',
    ],
    ['a lib does so', 'libs/engine/src/a.ts', '@remuda/protocol/testing', 'testing-entry-only-for-tests'],
    ['an app imports a test', 'apps/api/src/a.ts', '../../../test/e2e/cluster.js', 'tests-only-for-tests'],
    ['an import leads nowhere', 'apps/api/src/a.ts', './nowhere.js', 'no-broken-imports'],
  ])('%s', async (_, file, target, rule) => {
    await write(
      file,
      target.startsWith('type ') ? `import type { engine } from '${target.slice(5)}';` : `import '${target}';`,
    );
    expect(await brokenRules()).toEqual([rule]);
  });

  test('two files import each other', async () => {
    await write('libs/redis/src/a.ts', `import './b.js';`);
    await write('libs/redis/src/b.ts', `import './a.js';`);
    expect(await brokenRules()).toEqual(['no-circles']);
  });
});

async function brokenRules(): Promise<string[]> {
  const { enhancedResolveOptions, ...options } = rules.options ?? {};
  const ruleSet = { forbidden: rules.forbidden ?? [] };
  const { output } = await cruise(
    ['libs', 'apps'],
    { ...options, ruleSet, validate: true, baseDir: root },
    enhancedResolveOptions,
  );
  return (output as ICruiseResult).summary.violations.map((violation) => violation.rule.name);
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await symlink(join(root, target), join(root, path));
}
