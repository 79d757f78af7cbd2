import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { PoolRecord } from '@remuda/domain';
import { poolGauges } from './pool-gauges.js';

const phases = { starting: 0, idle: 0, busy: 0, draining: 0, gone: 0 };
const pool = (profile: string, waiting: number): PoolRecord => ({
  ...{ profile, warm: 1, max: 4, workers: { ...phases, idle: 2 }, waiting, delayed: 0, running: 0 },
  ...{ suspended: false, halts: [], starts: { atOnce: 4, limitMs: 60_000, failed: 2, heldMs: 1_500 } },
});
const figures = async (registry: Registry, name: string): Promise<readonly string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));

test('the first scrape has every figure, and each scrape is of its own moment', async () => {
  const registry = new Registry();
  let waiting = 0;
  poolGauges(registry, async () => [await Promise.resolve(pool('default', ++waiting))]);
  expect(await figures(registry, 'remuda_queue_jobs')).toContain(
    'remuda_queue_jobs{profile="default",state="waiting"} 1',
  );
  for (const name of ['workers', 'desired_workers', 'profile_suspended', 'profile_halted'])
    expect(await figures(registry, `remuda_${name}`), name).not.toEqual([]);
  expect(waiting).toBe(5);
  expect(await figures(registry, 'remuda_queue_jobs')).toContain(
    'remuda_queue_jobs{profile="default",state="waiting"} 6',
  );
});

test('whoever waits for workers sees how many may start at once, and for how long none does', async () => {
  const registry = new Registry();
  const { starts, ...unkept } = pool('unkept', 1);
  poolGauges(registry, () => Promise.resolve([pool('default', 1), unkept]));
  expect(starts).toBeDefined();
  expect(await figures(registry, 'remuda_starts_held_seconds')).toEqual([
    'remuda_starts_held_seconds{profile="default"} 1.5',
  ]);
  expect(await figures(registry, 'remuda_starts_at_once')).toEqual(['remuda_starts_at_once{profile="default"} 4']);
  expect(await figures(registry, 'remuda_start_limit_seconds')).toEqual([
    'remuda_start_limit_seconds{profile="default"} 60',
  ]);
});

test('a profile whose workers wait for a node is counted by what the nodes lack', async () => {
  const registry = new Registry();
  const waits = [
    { reason: 'cpu', message: 'no node takes it: 0/1 nodes: Insufficient cpu', workers: 3 },
    { reason: 'image', message: 'its image is not available', workers: 1 },
  ] as const;
  const { starts, ...rest } = pool('default', 1);
  const waiting: PoolRecord = { ...rest, ...(starts && { starts: { ...starts, waits } }) };
  const looks = [[waiting, pool('other', 1)], [pool('default', 1)]];
  poolGauges(registry, () => Promise.resolve(looks.shift() ?? []));
  expect(await figures(registry, 'remuda_starts_waiting')).toEqual([
    'remuda_starts_waiting{profile="default",reason="cpu"} 3',
    'remuda_starts_waiting{profile="default",reason="image"} 1',
  ]);
  expect(await figures(registry, 'remuda_starts_waiting')).toEqual([]);
});

test('a profile that is gone has no figures any more', async () => {
  const registry = new Registry();
  const pools = [[pool('default', 1), pool('old', 1)], [pool('default', 1)]];
  poolGauges(registry, () => Promise.resolve(pools.shift() ?? []));
  expect(await figures(registry, 'remuda_workers')).toHaveLength(10);
  expect(await figures(registry, 'remuda_workers')).toHaveLength(5);
});

test('while Redis does not answer there are none, and the scrape does not fail', async () => {
  const registry = new Registry();
  poolGauges(registry, () => Promise.reject(new Error('away')));
  expect(await figures(registry, 'remuda_workers')).toEqual([]);
});

test('jobs of a profile that is no more are in the figures, and told apart', async () => {
  const registry = new Registry();
  const old = { ...pool('old', 3), warm: 0, max: 0, delayed: 2, removed: true } as const;
  poolGauges(registry, () => Promise.resolve([pool('default', 1), old]));
  expect(await figures(registry, 'remuda_orphaned_jobs')).toEqual(['remuda_orphaned_jobs{profile="old"} 5']);
  expect(await figures(registry, 'remuda_queue_jobs')).toContain('remuda_queue_jobs{profile="old",state="waiting"} 3');
  expect(await figures(registry, 'remuda_desired_workers')).toContain('remuda_desired_workers{profile="old"} 0');
});
