import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { pidsOf } from '../chaos/src/kubernetes/cluster-parts.js';
import { frozen } from '../chaos/src/kubernetes/pod-faults.js';
import { kubeconfig } from '../contract/containers/real-cluster.js';
import { hasKubectl, kubectl } from './harness/kubectl.js';
import { bash, inTime, longMs, OnPods, untilLetGo } from './harness/on-pods.js';

/** Longer than any silence that a worker or a scheduler may keep. */
const awayMs = 60_000;

const here = kubeconfig === '' ? [] : await pidsOf('apiserver');

const typesOf = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type);

// all in one file, one after the other: in one of them the API server is away for the others as well
describe.skipIf(kubeconfig === '')('on the cluster that KUBECONFIG names', () => {
  test('a pool without jobs has no pod, and one for a job that comes', { timeout: longMs }, async () => {
    const own = await OnPods.start({
      pool: { warm: 'auto', min: 0, max: 2, quietMs: 2_000 },
      recycle: { idleMs: 1_000 },
    });
    const untilNone = async () => {
      await expect.poll(() => own.workers(), inTime).toEqual([]);
      await expect.poll(() => own.pods.secrets(), inTime).toEqual([]);
    };
    await untilNone();
    const { id, worker } = await own.running([untilLetGo, { text: 'done' }]);
    expect(await own.workers()).toContain(worker);
    await own.letGo(worker);
    await own.told(id);
    expect(await own.api.job(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
    await untilNone();
  });

  test('a job goes on in another pod when its own is deleted by hand', { timeout: longMs }, async () => {
    const own = await OnPods.start({ pool: { warm: 2, max: 3 } });
    await own.warm(2);
    const { id, worker } = await own.running([untilLetGo, { text: 'done' }]);
    await own.pods.delete(worker, 0);
    const next = await own.workerOf(id, 'attempt.restarted');
    await own.letGo(next);
    await own.told(id);
    expect(await own.api.job(id)).toMatchObject({ state: 'succeeded', attempt: 2, requeues: 1 });
  });

  test.skipIf(here.length === 0)(
    'jobs go on while the API server is away for a minute, and nothing is doubled',
    { timeout: longMs },
    async () => {
      const own = await OnPods.start({ pool: { warm: 2, max: 3 } });
      await own.warm(2);
      const across = await own.running([untilLetGo, { text: 'done' }]);
      let meanwhile = '';
      await frozen('apiserver', async () => {
        const begun = performance.now();
        // on the worker that is warm already
        meanwhile = await own.submit([bash('sleep 5'), { text: 'done' }]);
        await own.told(meanwhile);
        await sleep(awayMs - (performance.now() - begun));
      });
      await own.letGo(across.worker);
      for (const id of [across.id, meanwhile]) {
        const events = await own.told(id);
        expect(events.filter(({ type }) => type === 'job.assigned')).toHaveLength(1);
        expect(await own.api.job(id)).toMatchObject({ state: 'succeeded', attempt: 1, requeues: 0 });
      }
      await own.warm(2);
      const known = async () => (await own.cluster.pools.workers()).filter(({ phase }) => phase !== 'gone');
      await expect
        .poll(async () => [await own.workers(), (await known()).map(({ id }) => id).sort()], inTime)
        .toSatisfy(([pods, workers]) => JSON.stringify(pods) === JSON.stringify(workers));
    },
  );

  test('no busy pod is interrupted when its pool goes from five workers to two', { timeout: longMs }, async () => {
    const own = await OnPods.start({ pool: { warm: 5, max: 5 } });
    await own.warm(5);
    const jobs = await Promise.all(Array.from({ length: 5 }, () => own.running([untilLetGo, { text: 'done' }])));
    const busy = jobs.map(({ worker }) => worker).sort();
    expect(await own.workers()).toEqual(busy);

    await own.change({ pool: { warm: 2, max: 2 } });
    const [first, ...others] = jobs;
    await own.letGo(first!.worker);
    await own.told(first!.id);
    // one more than there may be is gone, and nothing came in its place
    await expect.poll(() => own.workers(), inTime).toEqual(busy.filter((worker) => worker !== first!.worker));

    for (const { worker } of others) await own.letGo(worker);
    for (const { id } of jobs) {
      const events = await own.told(id);
      expect(typesOf(events).filter((type) => type === 'job.assigned' || type === 'job.requeued')).toEqual([
        'job.assigned',
      ]);
      expect(await own.api.job(id)).toMatchObject({ state: 'succeeded', attempt: 1, requeues: 0 });
    }
    await own.warm(2);
    await expect.poll(async () => (await own.workers()).length, inTime).toBe(2);
    expect((await own.workers()).filter((worker) => busy.includes(worker))).toEqual([]);
  });

  test(
    'a job ends in the grace of a pod that is evicted, as when its node is drained',
    { timeout: longMs },
    async () => {
      const own = await OnPods.start({ pool: { warm: 1, max: 2 } });
      await own.warm(1);
      const { id, worker } = await own.running([untilLetGo, { text: 'done' }]);
      await own.pods.evict(worker);
      await own.letGo(worker);
      await own.told(id);
      expect(await own.api.job(id)).toMatchObject({ state: 'succeeded', attempt: 1, requeues: 0 });
      await expect.poll(() => own.workers(), inTime).not.toContain(worker);
    },
  );

  test('a job that does not end in it goes on elsewhere from its snapshot', { timeout: longMs }, async () => {
    const own = await OnPods.start({ pool: { warm: 2, max: 3 } });
    await own.warm(2);
    const id = await own.submit([
      bash('echo one >> lines.txt'),
      { ...bash('until [ -e /tmp/go ]; do sleep 0.1; done; echo two >> lines.txt'), hangMs: 8_000 },
      bash('cat lines.txt'),
      { text: 'both are there' },
    ]);
    const evicted = await own.workerOf(id, 'tool.called');
    const { connection, keys } = own.cluster;
    await expect.poll(() => connection.hget(keys.job(id), 'snapshot'), inTime).not.toBeNull();
    await own.pods.evict(evicted);
    const next = await own.workerOf(id, 'attempt.resumed');
    expect(next).not.toBe(evicted);
    await own.letGo(next);
    const events = await own.told(id);
    expect(events.findLast((event) => event.type === 'tool.returned')?.data.output.trim()).toBe('one\ntwo');
    expect(events.filter(({ type }) => type === 'job.requeued')).toMatchObject([{ data: { counted: false } }]);
    expect(await own.api.job(id)).toMatchObject({ state: 'succeeded', attempt: 2, failures: 0 });
  });

  test.skipIf(!hasKubectl)(
    'while its node is drained by kubectl, a job ends in the grace of its pod, and another goes on elsewhere',
    { timeout: longMs },
    async () => {
      const own = await OnPods.start({ pool: { warm: 2, max: 3 } });
      await own.warm(2);
      const ends = await own.running([untilLetGo, { text: 'done' }]);
      const goesOn = await own.running([untilLetGo, { text: 'done' }]);
      const { spec, metadata } = await own.pods.pod(ends.worker);
      const node = spec?.nodeName ?? '';
      const ours = `remuda/cluster=${metadata?.labels?.['remuda/cluster'] ?? ''}`;
      try {
        const drained = kubectl('drain', node, '--force', '--delete-emptydir-data', '--pod-selector', ours);
        await own.letGo(ends.worker);
        await own.told(ends.id);
        expect(await own.api.job(ends.id)).toMatchObject({ state: 'succeeded', attempt: 1, requeues: 0 });
        // gone are all that were there when it began
        expect(await drained).toContain(`remuda-${goesOn.worker} evicted`);
        expect(await own.workers()).not.toContain(goesOn.worker);
        const waits = async () => (await own.cluster.pools.pools())[0]?.starts?.waits?.map(({ reason }) => reason);
        await expect.poll(waits, inTime).toContain('taint');
      } finally {
        await kubectl('uncordon', node);
      }
      const next = await own.workerOf(goesOn.id, 'attempt.restarted');
      await own.letGo(next);
      await own.told(goesOn.id);
      expect(await own.api.job(goesOn.id)).toMatchObject({ state: 'succeeded', attempt: 2, failures: 0 });
    },
  );
});
