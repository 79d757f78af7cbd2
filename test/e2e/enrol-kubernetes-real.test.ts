import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kubeconfig, workerImage } from '../contract/containers/real-cluster.js';
import { root } from '../contract/documents/document.js';
import { podTemplate, rendered, type Manifest } from '../contract/documents/manifests.js';
import { inTime, longMs, OnPods, untilLetGo } from './harness/on-pods.js';

const deployment = 'remuda-workers';
const costOf = { 'controller.kubernetes.io/pod-deletion-cost': '1000' };

/** A Remuda whose pods something else makes; with all that they refer to. */
async function withoutPods(profile: object): Promise<OnPods> {
  const own = await OnPods.start({ ...profile, kubernetes: { enrol: { serviceAccounts: ['remuda-worker'] } } });
  // there is no Service before the two that would find the one that leads
  await own.cluster.schedulers[1]?.stop();
  await own.pods.create({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'remuda-scheduler-tls' } },
    stringData: { 'ca.crt': own.cluster.enrol?.ca },
  });
  await own.pods.create(objectOf('hpa', 'ServiceAccount', 'remuda-worker'));
  return own;
}

/** An object of an overlay, as it is rendered. */
function objectOf(overlay: string, kind: string, name: string): Manifest {
  return rendered(join(root, 'k8s/overlays', overlay)).find((one) => one.kind === kind && one.metadata.name === name)!;
}

/** What an overlay makes workers of, for a node as small as this one. */
function workersOf(own: OnPods, overlay: string, kind: string): Manifest {
  const made = objectOf(overlay, kind, 'remuda-workers');
  const [worker, agent] = podTemplate(made)?.spec.containers ?? [];
  const [value] = own.cluster.enrol?.urls ?? [];
  const env = worker?.env?.map((one) => (one.name === 'REMUDA_ENROL' ? { ...one, value } : one));
  const small = { requests: { cpu: '50m', memory: '200Mi' }, limits: { cpu: '1', memory: '768Mi' } };
  Object.assign(worker!, { image: workerImage, env });
  Object.assign(agent!, { image: workerImage, resources: small });
  return made;
}

/** That of `k8s/overlays/hpa`, with so many replicas. */
async function withDeployment(replicas: number): Promise<OnPods> {
  const own = await withoutPods({ pool: { warm: replicas, max: 4 }, recycle: { afterJobs: 100 } });
  const made = workersOf(own, 'hpa', 'Deployment');
  await own.pods.create({ ...made, spec: { ...made.spec, replicas } });
  await own.warm(replicas);
  return own;
}

describe.skipIf(kubeconfig === '')('on the cluster that KUBECONFIG names, pods of a Deployment', () => {
  test(
    'enrol, carry out jobs one after the other, and are replaced when they have ended',
    { timeout: longMs },
    async () => {
      const own = await withDeployment(1);
      const [worker = ''] = await own.workers();
      expect(worker).toMatch(/^e-remuda-workers-/);
      for (const text of ['one', 'two']) {
        const id = await own.submit([{ text }]);
        await own.told(id);
        expect(await own.api.job(id)).toMatchObject({ state: 'succeeded', worker, attempt: 1 });
      }
      expect(await own.pods.secrets()).toEqual(['remuda-scheduler-tls']);

      await own.pods.run(worker, 'worker', ['bash', '-c', 'kill -KILL $(pgrep -f "[w]orker.mjs" | tail -n 1)']);
      await expect
        .poll(() => own.workers(), inTime)
        .toSatisfy(([next = '', ...more]: readonly string[]) => {
          return more.length === 0 && next !== worker && next.startsWith('e-');
        });
      const id = await own.submit([{ text: 'three' }]);
      await own.told(id);
      expect(await own.api.job(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
    },
  );

  test('are scaled in without interrupting one that has a job', { timeout: longMs }, async () => {
    const own = await withDeployment(2);
    const { id, worker } = await own.running([untilLetGo, { text: 'done' }]);
    const annotations = async () => {
      const name = await own.pods.podOf(worker);
      return (await own.pods.pods()).find(({ metadata }) => metadata?.name === name)?.metadata?.annotations;
    };
    await expect.poll(annotations, inTime).toMatchObject(costOf);
    await own.pods.scale(deployment, 1);
    await expect.poll(() => own.workers(), inTime).toEqual([worker]);
    await own.letGo(worker);
    await own.told(id);
    expect(await own.api.job(id)).toMatchObject({ state: 'succeeded', worker, attempt: 1, requeues: 0 });
    await expect.poll(annotations, inTime).not.toMatchObject(costOf);
  });

  test('finish their job when they are told to leave with one', { timeout: longMs }, async () => {
    const own = await withDeployment(1);
    const { id, worker } = await own.running([untilLetGo, { text: 'done' }]);
    await own.pods.scale(deployment, 0);
    await expect
      .poll(async () => (await own.cluster.pools.workers()).find((one) => one.id === worker)?.phase, inTime)
      .toBe('draining');
    await own.letGo(worker);
    await own.told(id);
    expect(await own.api.job(id)).toMatchObject({ state: 'succeeded', worker, attempt: 1, requeues: 0 });
    await expect.poll(() => own.workers(), inTime).toEqual([]);
  });
});

test.skipIf(kubeconfig === '')(
  'a Job as KEDA starts them is complete when its pod has had its job',
  { timeout: longMs },
  async () => {
    const own = await withoutPods({ pool: { warm: 1, max: 2 } });
    const { spec } = workersOf(own, 'keda', 'ScaledJob');
    await own.pods.create({
      ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: deployment } },
      spec: spec?.['jobTargetRef'],
    });
    await own.warm(1);
    const [worker] = await own.workers();
    const id = await own.submit([{ text: 'done' }]);
    await own.told(id);
    expect(await own.api.job(id)).toMatchObject({ state: 'succeeded', worker, attempt: 1 });
    await expect.poll(() => own.workers(), inTime).toEqual([]);
    // its pod is removed once its phase has reported its end
    await expect
      .poll(() => own.pods.statusOf('batch/v1', 'Job', deployment), inTime)
      .toMatchObject({ succeeded: 1, ready: 0, terminating: 0 });
  },
);
