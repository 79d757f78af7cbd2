import { expect, test, vi } from 'vitest';
import { kubeconfig } from '../contract/containers/real-cluster.js';
import { OnPods } from '../e2e/harness/on-pods.js';
import { serveRepository } from '../e2e/harness/git-server.js';
import { podAttacks } from './pod-attacks.js';
import { attackWith, carryOut, hostileRepository } from './stage.js';
import { merge } from './verdict.js';

test.skipIf(kubeconfig === '')('hostile code in a pod gets nowhere', { timeout: 1_200_000 }, async () => {
  await using code = await serveRepository(hostileRepository());
  // the repository is on this machine
  vi.stubEnv('REMUDA_GIT_HOSTS', '127.0.0.1');
  const own = await OnPods.start({
    pool: { warm: 1, max: 2 },
    resources: { cpus: 1, memoryMb: 1_024, diskMb: 128 },
  });
  await own.warm(1);
  const [worker = ''] = await own.workers();
  const { hostname, port } = new URL(own.cluster.redis.url);
  const pod = {
    worker,
    namespace: own.pods.namespace,
    redis: { host: hostname, port: Number(port) },
    bridge: (await own.pods.run(worker, 'worker', ['printenv', 'REMUDA_BRIDGE'])).trim(),
  };
  const stage = { cluster: own, code };
  const done = await carryOut(stage, 'default', [
    attackWith('pod.mjs', pod),
    attackWith('root.mjs'),
    attackWith('files.mjs'),
    attackWith('bridge.mjs', { part: 'live' }),
  ]);
  const budget = await carryOut(stage, 'default', [attackWith('bridge.mjs', { part: 'budget' })], {
    maxBudgetUsd: 0.5,
  });
  const ended = await carryOut(stage, 'default', [
    attackWith('bridge.mjs', { part: 'ended', ended: String(done.notes['token']) }),
  ]);
  const verdicts = merge([done, budget, ended].flatMap((job) => job.verdicts));
  const notHeld = podAttacks.flatMap((id) => {
    const verdict = verdicts.get(id);
    return verdict?.held === true ? [] : [`${id}: ${verdict?.evidence ?? 'not tried'}`];
  });
  expect(notHeld).toEqual([]);
  process.stdout.write(`hostile in a pod: ${String(podAttacks.length)} attacks, all held\n`);
});
