import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Setting } from '@remuda/domain';
import { workerEnv } from '@remuda/protocol';
import { secretVariablePrefix } from '@remuda/runtime';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { apiSettings } from '../../../apps/api/src/settings.js';
import { bridgeSettings } from '../../../apps/bridge/src/settings.js';
import { hostBridgeSettings } from '../../../apps/host-bridge/src/settings.js';
import { localSettings } from '../../../apps/local/src/settings.js';
import { readProfiles } from '../../../apps/scheduler/src/profiles/profiles.js';
import { schedulerSettings } from '../../../apps/scheduler/src/settings.js';
import { channelSettings } from '../../../apps/worker/src/channel/settings.js';
import { settingEnv as commandEnv } from '../../../apps/cli/src/settings/settings.js';
import { workerSettings } from '../../../apps/worker/src/settings.js';
import { codeBlocks, readDocument, root, sections, tableRows } from './document.js';

const markdownIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const documents = ['README.md', 'CHANGELOG.md', ...markdownIn('docs'), ...markdownIn('k8s')];

/** What every document says that fits a pattern, with the document before it; the first group of the pattern counts. */
function mentions(pattern: RegExp, paths: readonly string[] = documents): readonly (readonly [string, string])[] {
  return paths.flatMap((path) =>
    [...readDocument(path).matchAll(pattern)].map(([, what = '']) => [path, what] as const),
  );
}

test('documents name no npm script that package.json does not have', () => {
  const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: Readonly<Record<string, string>> };
  const named = mentions(/\bnpm (?:run )?((?<=run )[\w:-]+|test|start)\b/g);
  expect(named.map(([, script]) => script)).toEqual(expect.arrayContaining(['demo', 'start', 'test', 'check']));
  expect(named.filter(([, script]) => !(script in scripts))).toEqual([]);
});

test('links lead to a file, and to a heading of it', () => {
  const links = mentions(/\]\((?!https?:)([^)\s]+)\)/g);
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter(([path, link]) => !leads(path, link))).toEqual([]);
});

function leads(path: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : join(dirname(path), file);
  if (!existsSync(join(root, target))) return false;
  return anchor === undefined || anchors(target).includes(anchor);
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchors(path: string): readonly string[] {
  return [...readDocument(path).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('documents name no file of the repository that is not there', () => {
  const named = mentions(/`((?:apps|libs|docker|test|bench|k8s|docs)\/[\w./-]+)`/g);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(([, name]) => !existsSync(join(root, name)))).toEqual([]);
});

const tables: readonly Readonly<Record<string, Setting<unknown>>>[] = [
  apiSettings,
  bridgeSettings,
  hostBridgeSettings,
  localSettings,
  schedulerSettings,
  workerSettings,
  channelSettings,
];
const read = new Set<string>([
  ...tables.flatMap((table) => Object.values(table).map(({ env }) => env)),
  ...Object.values(workerEnv),
  ...Object.values(commandEnv),
]);
/** Variables with which tests are told of the machine, as their code reads them. */
const ofTests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.includes('dist/'))
  .flatMap((name) => [...readDocument(join('test', name)).matchAll(/env\[?\.?'?(REMUDA_TEST_[A-Z_]+)/g)])
  .map(([, name = '']) => name);
/** Of a secret's variable, the name is the operator's own. */
const isSecret = (name: string): boolean => name.startsWith(secretVariablePrefix);
/** The compose file of a cluster, and what may be added to it. */
const compose = ['docker/compose.yaml', 'docker/compose.postgres.yaml'] as const;
const ofCompose = tableRows(sections(readDocument('docs/configuration.md'), 2).get(compose[0]) ?? '');

test('documents and the compose files name no variable of ours that nobody reads', () => {
  const known = new Set([...read, ...ofTests, ...ofCompose.map(([name]) => name)]);
  const named = mentions(/\b(REMUDA_[A-Z_]*[A-Z])\b/g, [...documents, ...compose]);
  expect(named.filter(([, name]) => !known.has(name) && !isSecret(name))).toEqual([]);
});

test("docs/configuration.md has compose's own variables and no other, with their defaults", () => {
  const used = compose.flatMap((file) => [...readDocument(file).matchAll(/\$\{(\w+):-([^}]*)\}/g)]);
  const pairs = used.map(([, name = '', value = '']): readonly [string, string] => [name, value]);
  const own = new Map(pairs.filter(([name]) => !read.has(name) && !isSecret(name)));
  expect(ofCompose.map(([name, value]) => [name, value]).toSorted()).toEqual([...own].toSorted());
});

test('the examples of profiles files can be read', () => {
  const blocks = documents.flatMap((path) => codeBlocks(readDocument(path), 'yaml'));
  const examples = blocks.filter((text) => text.startsWith('profiles:'));
  expect(examples.length).toBeGreaterThan(0);
  for (const text of examples)
    expect(readProfiles(parse(text) as unknown, { image: 'any', warm: 1, max: 2 })).not.toEqual([]);
});
