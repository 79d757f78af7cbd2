import { expect, test } from 'vitest';
import config from '../../vitest.config.js';
import { readDocument } from './documents/document.js';

const { scripts } = JSON.parse(readDocument('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
const projects = (config.test?.projects ?? []).flatMap((project) =>
  typeof project === 'object' && 'test' in project ? (project.test ?? []) : [],
);

test('projects of one turn have as many workers, without which vitest does not run them', () => {
  const workersOf = new Map<number, Set<unknown>>();
  for (const { sequence, maxWorkers } of projects) {
    const turn = sequence?.groupOrder ?? 0;
    workersOf.set(turn, (workersOf.get(turn) ?? new Set()).add(maxWorkers));
  }
  expect([...workersOf].filter(([, workers]) => workers.size > 1)).toEqual([]);
});

test('each project is run by npm test, test:slow or proofs, and these name no other', () => {
  const named = [scripts['test'] ?? '', scripts['test:slow'] ?? '', scripts['proofs'] ?? ''].flatMap((script) =>
    [...script.matchAll(/--project (\S+)/g)].map(([, name]) => name),
  );
  expect(named.toSorted()).toEqual(projects.map(({ name }) => name).toSorted());
});
