import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryGroups } from './memory-groups.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'groups-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const read = (...path: readonly string[]): string => readFileSync(join(root, ...path), 'utf8');

test('with version 2 the bridge moves aside, and a group has a limit, no swap, and ends as a whole', () => {
  mkdirSync(join(root, 'user/bridge.scope'), { recursive: true });
  writeFileSync(join(root, 'user/bridge.scope/cgroup.controllers'), 'cpu memory pids\n');
  const groups = MemoryGroups.find(root, ['0::/user/bridge.scope'])!;
  expect(read('user/bridge.scope/bridge/cgroup.procs')).toBe(String(process.pid));
  expect(read('user/bridge.scope/cgroup.subtree_control')).toBe('+memory');
  const { command, args } = groups.open('run-1', 1_048_576).enter('bwrap', ['--x', 'y']);
  expect(read('user/bridge.scope/run-1/memory.max')).toBe('1048576');
  expect(read('user/bridge.scope/run-1/memory.oom.group')).toBe('1');
  expect([command, ...args.slice(2)]).toEqual([
    '/bin/sh',
    join(root, 'user/bridge.scope/run-1/cgroup.procs'),
    'bwrap',
    '--x',
    'y',
  ]);
});

test('with version 1 groups are below one of the bridge, which is removed with it', async () => {
  mkdirSync(join(root, 'memory/a'), { recursive: true });
  const groups = MemoryGroups.find(root, ['5:cpu:/', '4:memory:/a', '0::/'])!;
  const own = join(root, 'memory/a', `remuda-host-bridge-${String(process.pid)}`);
  expect(existsSync(own)).toBe(true);
  groups.close();
  await expect.poll(() => existsSync(own)).toBe(false);
});

test('without the right to make groups there are none', () => {
  expect(MemoryGroups.find(root, [])).toBeUndefined();
  expect(MemoryGroups.find(root, ['0::/missing', '4:memory:/missing'])).toBeUndefined();
  mkdirSync(join(root, 'b'));
  writeFileSync(join(root, 'b/cgroup.controllers'), 'cpu\n');
  expect(MemoryGroups.find(root, ['0::/b'])).toBeUndefined();
});
