import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearWorkspace, prepareWorkspace } from '@remuda/engine';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { goodRefs } from '../../contract/inputs/refs.js';

let folder: string;
const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args], { cwd: join(folder, 'origin') })
    .toString()
    .trim();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'remuda-refs-'));
  execFileSync('git', ['init', '-q', '-b', 'main', join(folder, 'origin')]);
  writeFileSync(join(folder, 'origin', 'file'), 'x');
  git('add', '.');
  git('commit', '-q', '-m', 'begin');
  for (const ref of goodRefs) if (ref !== 'main') git('branch', ref);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each(goodRefs)('a job gets the branch %s', async (ref) => {
  const at = { folder: mkdtempSync(join(folder, 'at-')), env: { PATH: process.env['PATH'] ?? '' } };
  await clearWorkspace(at);
  const prepared = await prepareWorkspace(at, { kind: 'git', url: 'x', ref }, { remote: join(folder, 'origin') });
  expect(prepared).toEqual({ commit: git('rev-parse', 'main'), branch: ref });
});
