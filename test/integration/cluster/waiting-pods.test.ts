import { expect, test } from 'vitest';
import { InstantEngine } from '@remuda/testing';
import { apiPlace, namespace } from '../../contract/containers/kubernetes-fixture.js';
import { Refusal } from '../../kubernetes-api/refusal.js';
import { startRedis } from '../redis.js';
import { startInProcessCluster } from './in-process-cluster.js';

const poll = { timeout: 20_000, interval: 20 };

test('what a pod waits for that no node takes is in the pools and in the metrics, until it runs', async () => {
  await using redis = await startRedis();
  const place = await apiPlace();
  // the node confirms
  place.api.onDelete = (pod) => setImmediate(() => place.api.store.remove(pod));
  const engine = (): InstantEngine => new InstantEngine();
  const profile = { pool: { warm: 1, max: 1 } };
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine, kubernetes: place.open(), profile });
  const waits = async () => (await cluster.pools.pools())[0]?.starts?.waits;
  const figure = async () => /^remuda_starts_waiting\{.*$/m.exec(await cluster.figures())?.[0];
  try {
    await expect.poll(() => place.api.store.of('Pod', namespace), poll).toHaveLength(1);
    const [pod] = place.api.store.of('Pod', namespace);
    if (!pod) throw new Error('There is no pod.');
    const message = '0/1 nodes are available: 1 Insufficient memory.';
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
    place.api.store.change(pod, { status: { phase: 'Pending', conditions } });
    const said = { reason: 'memory', message: `no node takes it: ${message}`, workers: 1 };
    await expect.poll(waits, poll).toEqual([said]);
    expect(await figure()).toMatch(/profile="default".*reason="memory".*\} 1$/);
    const containerStatuses = ['worker', 'agent'].map((name) => ({ name, state: { running: {} } }));
    place.api.store.change(pod, { status: { phase: 'Running', conditions: [], containerStatuses } });
    await expect.poll(waits, poll).toBeUndefined();
    expect(await figure()).toBeUndefined();
  } finally {
    await cluster.stop();
    await place.close();
  }
});

test('a quota of 0 slows the pool down and is said; once it is lifted, its workers start', async () => {
  await using redis = await startRedis();
  const place = await apiPlace();
  place.api.onDelete = (pod) => setImmediate(() => place.api.store.remove(pod));
  const said = 'exceeded quota: workers, requested: pods=1, used: pods=0, limited: pods=0';
  const lift = place.api.gate(({ verb, resource }) => {
    if (verb === 'create' && resource === 'pods') throw new Refusal(403, 'Forbidden', said, {});
  });
  const engine = (): InstantEngine => new InstantEngine();
  const profile = { pool: { warm: 2, max: 2 } };
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine, kubernetes: place.open(), profile });
  const starts = async () => (await cluster.pools.pools())[0]?.starts;
  try {
    await expect.poll(async () => (await starts())?.failure, poll).toContain(said);
    await expect.poll(async () => (await starts())?.heldMs, poll).toBeGreaterThan(0);
    // no worker is believed to live that has no pod
    await expect.poll(() => cluster.pools.workers(), poll).toEqual([]);
    expect(place.api.store.of('Pod', namespace)).toEqual([]);
    expect(await cluster.figures()).toMatch(/^remuda_starts_held_seconds\{.*\} (?!0$)/m);
    lift();
    await expect.poll(() => place.api.store.of('Pod', namespace), poll).toHaveLength(2);
  } finally {
    await cluster.stop();
    await place.close();
  }
});
