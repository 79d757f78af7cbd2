import type { ContainerExit, ContainerSpec } from '@remuda/domain';
import type { KubernetesRuntime } from '@remuda/containers';
import { workerEnv } from '@remuda/protocol';
import { containerSpec } from '@remuda/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Inbox } from '../../contract/containers/inbox.js';
import { clusterImage, kubeconfig, RealCluster, workerImage } from '../../contract/containers/real-cluster.js';

const resources = { cpus: 0.5, memoryMb: 256, pids: 128, diskMb: 64 };
const spec = (own: Partial<ContainerSpec> & { readonly does?: string } = {}): ContainerSpec => {
  const { does = 'obey', ...rest } = own;
  const env = { REMUDA_WORKER_ID: 'w-1', FIXTURE: does };
  return containerSpec({ worker: 'w-1', image: clusterImage, resources, env, ...rest });
};

/** Ends that only a real kubelet, scheduler and control plane bring about; the others are told by a stand-in. */
describe.skipIf(kubeconfig === '')('on the cluster that KUBECONFIG names, a pod', () => {
  let cluster: RealCluster;
  let runtime: KubernetesRuntime;
  let exits: Inbox<ContainerExit>;

  const exitOf = () => exits.take(({ worker }) => worker === 'w-1');
  const started = async (one: ContainerSpec): Promise<void> => {
    await runtime.start(one);
    await cluster.printed('w-1', 'runs as process');
  };

  /** Told of, it does not run any more; its node takes a moment to say that it is gone. */
  const untilGone = async (): Promise<void> => {
    expect((await runtime.list()).filter((one) => one.running)).toEqual([]);
    await expect.poll(() => runtime.list(), { timeout: 30_000 }).toEqual([]);
  };

  beforeAll(async () => {
    cluster = await RealCluster.open();
  });

  beforeEach(async () => {
    runtime = cluster.runtime('own', { unschedulableLimitMs: 3_000 });
    exits = new Inbox();
    await runtime.watch((exit) => {
      exits.put(exit);
    });
  });

  afterEach(async () => {
    await runtime.stop('w-1', 0);
    await runtime.close();
  });

  afterAll(() => cluster.close());

  test('whose image is nowhere', async () => {
    await runtime.start(spec({ image: 'localhost:1/nowhere/worker:0' }));
    expect((await exitOf()).reason).toContain('its image is not available');
    await untilGone();
  });

  test('that no node has room for: after the limit, with the reason of the scheduler', async () => {
    await runtime.start(spec({ resources: { ...resources, memoryMb: 1_000_000 } }));
    expect((await exitOf()).reason).toMatch(/no node takes it: .*Insufficient memory/);
    await untilGone();
  });

  test('that runs out of memory', async () => {
    await runtime.start(spec({ does: 'hog' }));
    expect(await exitOf()).toMatchObject({ outOfMemory: true, reason: expect.stringContaining('ran out of memory') });
  });

  test('that somebody deletes', async () => {
    await started(spec());
    await cluster.delete('w-1');
    expect((await exitOf()).reason).toBe('its pod was deleted');
    await untilGone();
  });

  test('that is evicted, as when its node is drained', async () => {
    await started(spec());
    await cluster.evict('w-1');
    expect((await exitOf()).reason).toContain('evicted, as when its node is drained');
  });

  test('is refused where a quota has no room, and leaves nothing', async () => {
    await cluster.quota(0);
    try {
      await expect(runtime.start(spec())).rejects.toMatchObject({
        code: 'container.start_failed',
        message: expect.stringContaining('exceeded quota'),
      });
      expect(await runtime.list()).toEqual([]);
    } finally {
      await cluster.quota(undefined);
    }
  });

  test('takes its Secret with it', async () => {
    await started(spec());
    expect(await cluster.secrets()).toEqual([expect.stringMatching(/^remuda-w-1-[0-9a-f]{8}$/)]);
    await runtime.stop('w-1', 0);
    await expect.poll(() => cluster.secrets(), { timeout: 30_000 }).toEqual([]);
  });

  describe('of the worker’s own image', () => {
    const profile = { name: 'p', afterJobs: 1, engine: { model: 'm' } };
    // an address for documentation: the worker waits for a Redis that never answers
    const env = {
      [workerEnv.id]: 'w-1',
      [workerEnv.bridge]: 'unix:/run/remuda/model.sock',
      [workerEnv.redisUrl]: 'redis://192.0.2.1:6379',
      [workerEnv.profile]: JSON.stringify(profile),
    };

    test('has its agent come to it, which has no secret and can write where jobs do', async () => {
      await runtime.start(spec({ image: workerImage, env }));
      await cluster.printed('w-1', 'the agent has connected');
      const inAgent = (line: string) => cluster.run('w-1', 'agent', ['bash', '-c', line]);
      expect(await inAgent('id -u; id -g; cat /proc/[0-9]*/environ | grep -ac 192.0.2.1')).toBe('1000\n1000\n0\n');
      expect(await inAgent('ls /var/run/secrets 2>&1; touch /run/remuda/own 2>&1')).toMatch(
        /No such file[^]*Read-only/,
      );
      expect(await inAgent('cd /workspace && git init -q . && git status --short && touch ~/a /tmp/a && ls')).toBe('');
      expect(await cluster.run('w-1', 'worker', ['bash', '-c', 'id -u; ls -A /workspace; touch /tmp/a 2>&1'])).toMatch(
        /^1001\n.*Read-only/,
      );
    });

    test('ends with its agent, and says so', async () => {
      await runtime.start(spec({ image: workerImage, env }));
      await cluster.printed('w-1', 'the agent has connected');
      await cluster.run('w-1', 'agent', ['bash', '-c', 'kill -KILL $(pgrep -f "[a]gent.mjs" | tail -n 1)']);
      expect((await exitOf()).reason).toBe('its container agent killed by SIGKILL');
      await expect.poll(() => runtime.list(), { timeout: 30_000 }).toMatchObject([{ running: false }]);
    });

    test('ends with its worker', async () => {
      await runtime.start(spec({ image: workerImage, env }));
      await cluster.printed('w-1', 'the agent has connected');
      await cluster.run('w-1', 'worker', ['bash', '-c', 'kill -KILL $(pgrep -f "[w]orker.mjs" | tail -n 1)']);
      expect((await exitOf()).reason).toBe('killed by SIGKILL');
    });
  });

  test('has what its profile wants besides', async () => {
    const pod = {
      annotations: { 'example.com/team': 'a' },
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'example.com/jobs', operator: 'Exists', effect: 'NoSchedule' }],
    } as const;
    await started(spec({ pod }));
    expect(await cluster.pod('w-1')).toMatchObject({
      metadata: { annotations: pod.annotations },
      spec: { nodeSelector: pod.nodeSelector, tolerations: expect.arrayContaining([...pod.tolerations]) },
    });
  });
});
