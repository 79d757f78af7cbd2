import type { ContainerExit } from '@remuda/domain';
import type { KubernetesRuntime, KubernetesRuntimeOptions } from '@remuda/containers';
import { containerSpec } from '@remuda/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Inbox } from '../../contract/containers/inbox.js';
import { apiPlace, namespace, type ApiPlace } from '../../contract/containers/kubernetes-fixture.js';
import type { StoredObject } from '../../kubernetes-api/object-store.js';
import { Refusal } from '../../kubernetes-api/refusal.js';

/** A cluster without a node: a pod is in the state that a test puts it in. */
let place: ApiPlace;
let runtime: KubernetesRuntime;
let exits: Inbox<ContainerExit>;
const more: KubernetesRuntime[] = [];

beforeEach(async () => {
  place = await apiPlace();
  runtime = place.open();
  exits = new Inbox();
});

afterEach(async () => {
  await Promise.all([runtime, ...more.splice(0)].map((one) => one.close()));
  await place.close();
});

const spec = containerSpec({ worker: 'w-1', env: { REMUDA_REDIS_URL: 'redis://w-1:secret@redis' } });
const pods = () => place.api.store.of('Pod', namespace);
const podOf = (worker = 'w-1') => place.api.store.get('Pod', namespace, `remuda-${worker}`)!;
const asked = (verb: string, resource = 'pods') =>
  place.api.asked.filter((one) => one.verb === verb && one.resource === resource);
const exitOf = (worker = 'w-1') => exits.take((exit) => exit.worker === worker);
const watched = (of = runtime) => of.watch((exit) => exits.put(exit));

const open = (own: Partial<KubernetesRuntimeOptions>): KubernetesRuntime => {
  const one = place.open(own);
  more.push(one);
  return one;
};

/** Puts a pod on a node, in a state. */
function becomes(pod: StoredObject, status: object, metadata: object = {}): void {
  pod['spec'].nodeName = 'node-1';
  place.api.store.change(pod, { status, metadata });
}

const state = (one: object) => ({ containerStatuses: [{ name: 'worker', state: one }] });
const runs = { phase: 'Running', ...state({ running: {} }) };
const failed = (exitCode: number, reason = 'Error') => ({
  phase: 'Failed',
  ...state({ terminated: { exitCode, reason } }),
});
const leaving = { deletionTimestamp: new Date(0).toISOString(), deletionGracePeriodSeconds: 0 };
const disrupted = (reason: string) => ({ conditions: [{ type: 'DisruptionTarget', status: 'True', reason }] });

/** Resolves when the API server has been asked this so many times. */
async function untilAsked(verb: string, times: number): Promise<void> {
  await expect.poll(() => asked(verb).length, { timeout: 30_000, interval: 5 }).toBeGreaterThanOrEqual(times);
}

describe('a pod that ended is told of, and does not count as running', () => {
  test.each([
    ['crashed', failed(7), 'ended with exit code 7'],
    ['ran out of memory', failed(137, 'OOMKilled'), 'killed by SIGKILL after it ran out of memory'],
    ['was evicted', { ...failed(137), reason: 'Evicted', message: 'low on memory' }, 'evicted it'],
    ['was preempted', { ...failed(143), ...disrupted('PreemptionByScheduler') }, 'preempted'],
    ['was drained', { ...failed(143), ...disrupted('EvictionByEvictionAPI') }, 'as when its node is drained'],
    ['was shut down with its node', { ...failed(143), reason: 'NodeShutdown' }, 'its node was shut down'],
    ['was refused by its node', { phase: 'Failed', reason: 'UnexpectedAdmissionError' }, 'UnexpectedAdmissionError'],
  ])('one that %s', async (_, status, reason) => {
    await watched();
    await runtime.start(spec);
    becomes(podOf(), status);
    expect((await exitOf()).reason).toContain(reason);
    expect(await runtime.list()).toMatchObject([{ worker: 'w-1', running: false }]);
    await runtime.stop('w-1', 0);
    expect(pods()).toEqual([]);
    expect(exits.all).toHaveLength(1);
  });
});

describe('a pod that would never run, or never leave, is removed and told of', () => {
  const limited = { unschedulableLimitMs: 0, stuckLimitMs: 0 };

  test.each([
    ['has no image', { phase: 'Pending', ...state({ waiting: { reason: 'ImagePullBackOff' } }) }, {}, 'image'],
    [
      'is taken by no node',
      { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes: Insufficient cpu' }] },
      {},
      'no node takes it: 0/1 nodes: Insufficient cpu',
    ],
    ['is stuck in its leaving', runs, leaving, 'its node has not confirmed'],
    ['is on a lost node', { ...runs, ...disrupted('DeletionByTaintManager') }, leaving, 'does not answer'],
  ])('one that %s', async (_, status, metadata, reason) => {
    const strict = open(limited);
    // What is told to leave while nobody answers on its node stays; it goes when it's taken off the books.
    place.api.onDelete = (pod) => {
      place.api.store.remove(pod);
    };
    await watched(strict);
    await strict.start(spec);
    if ('conditions' in status && !('phase' in status)) place.api.store.change(podOf(), { status });
    else becomes(podOf(), status, metadata);
    expect((await exitOf()).reason).toContain(reason);
    expect(pods()).toEqual([]);
    expect(await strict.list()).toEqual([]);
  });

  test('one of whose containers ended while the other runs', async () => {
    const strict = open({ followLimitMs: 0 });
    await watched(strict);
    place.api.onDelete = (pod) => {
      place.api.store.remove(pod);
    };
    await strict.start(spec);
    const agent = { name: 'agent', state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } };
    becomes(podOf(), { phase: 'Running', containerStatuses: [...runs.containerStatuses, agent] });
    expect(await exitOf()).toMatchObject({ outOfMemory: true });
    expect(pods()).toEqual([]);
  });

  test('one that was stopped, by a node that does not answer: in the end without its word, and untold', async () => {
    const strict = open({ cluster: 'strict', stuckLimitMs: 0 });
    await watched(strict);
    await strict.start(spec);
    becomes(podOf(), runs);
    await strict.stop('w-1', 0);
    expect(asked('delete').map(({ body }) => Number(body['gracePeriodSeconds']))).toEqual([1, 0]);
    expect(pods()).toEqual([]);
    expect(exits.all).toEqual([]);
  });
});

test('one that no node takes is left to the autoscaler, and says what it waits for', async () => {
  await watched();
  await runtime.start(spec);
  const conditions = [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes: Insufficient cpu' }];
  place.api.store.change(podOf(), { status: { conditions } });
  await expect
    .poll(() => runtime.list())
    .toMatchObject([
      { running: true, waitsFor: { reason: 'cpu', message: 'no node takes it: 0/1 nodes: Insufficient cpu' } },
    ]);
  expect(exits.all).toEqual([]);
});

test('a pod that somebody deletes is told of once', async () => {
  await watched();
  await runtime.start(spec);
  becomes(podOf(), runs);
  place.api.store.remove(podOf());
  expect(await exitOf()).toMatchObject({ reason: 'its pod is gone' });
  expect(await runtime.list()).toEqual([]);
  expect(exits.all).toHaveLength(1);
});

test.each([5, -5])(
  'a cluster whose clock is off by %i minutes changes nothing of how its pods are judged',
  async (minutes) => {
    const theirs = () => new Date(Date.now() + minutes * 60_000).toISOString();
    // none of it takes as long as this: a comparison of the two clocks would say that it did, or that it never will
    const strict = open({ unschedulableLimitMs: 60_000, stuckLimitMs: 60_000 });
    await watched(strict);
    await strict.start(spec);
    const times = { lastTransitionTime: theirs(), lastProbeTime: theirs() };
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', ...times }];
    place.api.store.change(podOf(), {
      status: { phase: 'Pending', conditions },
      metadata: { creationTimestamp: theirs() },
    });
    await expect.poll(() => strict.list()).toMatchObject([{ running: true, waitsFor: { reason: 'unschedulable' } }]);
    const began = { ...state({ running: { startedAt: theirs() } }), startTime: theirs() };
    becomes(podOf(), { phase: 'Running', conditions: [], ...began });
    await expect.poll(async () => (await strict.list())[0]).not.toHaveProperty('waitsFor');
    becomes(podOf(), runs, { deletionTimestamp: theirs(), deletionGracePeriodSeconds: 30 });
    place.api.bookmark();
    expect(await strict.list()).toMatchObject([{ worker: 'w-1', running: true }]);
    expect(exits.all).toEqual([]);
    place.api.store.remove(podOf());
    expect(await exitOf()).toMatchObject({ reason: 'its pod was deleted' });
    expect(exits.all).toHaveLength(1);
  },
);

describe('a Secret', () => {
  test('holds the whole environment of the worker, belongs to its pod and goes with it', async () => {
    await runtime.start(spec);
    const [secret] = place.api.store.of('Secret', namespace);
    expect(secret).toMatchObject({ stringData: { REMUDA_REDIS_URL: 'redis://w-1:secret@redis' }, immutable: true });
    expect(secret?.metadata.ownerReferences).toMatchObject([{ kind: 'Pod', uid: podOf().metadata.uid }]);
    expect(JSON.stringify(podOf())).not.toContain('secret@');
    await runtime.stop('w-1', 0);
    expect(place.api.store.of('Secret', namespace)).toEqual([]);
  });

  test('is there before any node looks for it', async () => {
    const gates: unknown[] = [];
    place.api.gate(({ verb, resource }) => {
      if (verb === 'create' && resource === 'secrets') gates.push(podOf()['spec'].schedulingGates);
    });
    await runtime.start(spec);
    expect(gates).toEqual([[{ name: 'remuda/secret' }]]);
    expect(podOf()['spec']).not.toHaveProperty('schedulingGates');
  });

  test('that can not be made takes the pod with it', async () => {
    place.api.denied.add('create secrets');
    await expect(runtime.start(spec)).rejects.toMatchObject({
      code: 'container.start_failed',
      message: expect.stringContaining('lacks the verb "create" for "secrets"'),
    });
    expect(pods()).toEqual([]);
  });
});

describe('what the API server refuses is said in our words', () => {
  const refused = (status: number, reason: string, message: string, headers = {}) => {
    place.api.gate(({ verb, resource }) => {
      if (verb === 'create' && resource === 'pods') throw new Refusal(status, reason, message, headers);
    });
  };

  test.each([
    ['a quota', 403, 'Forbidden', 'exceeded quota: workers, requested: pods=1, used: pods=0, limited: pods=0'],
    ['an admission rule', 403, 'Forbidden', 'violates PodSecurity "restricted:latest"'],
    ['a pod that is invalid', 422, 'Invalid', 'Pod "remuda-w-1" is invalid: spec.priorityClassName'],
  ])('%s', async (_, status, reason, message) => {
    refused(status, reason, message);
    await expect(runtime.start(spec)).rejects.toMatchObject({
      code: 'container.start_failed',
      message: expect.stringContaining(message),
    });
  });

  test.each(['create pods', 'watch pods', 'get pods/log', 'create secrets'])(
    'a right that is missing: %s',
    async (right) => {
      place.api.denied.add(right);
      const [verb, resource] = right.split(' ');
      await expect(runtime.prepare()).rejects.toMatchObject({
        code: 'container.start_failed',
        message: expect.stringContaining(`lacks the verb "${verb}" for "${resource}"`),
      });
    },
  );

  test('an API server that does not answer: what is not wrong may be asked for again', async () => {
    await place.api.away();
    await expect(runtime.prepare()).rejects.toMatchObject({
      code: 'runtime.unavailable',
      message: expect.stringContaining('The API server of Kubernetes does not answer'),
    });
  });

  test('too many requests: it is tried again after the pause that the server names', async () => {
    let left = 2;
    place.api.gate(({ verb, resource }) => {
      if (verb === 'create' && resource === 'pods' && left-- > 0)
        throw new Refusal(429, 'TooManyRequests', 'too many requests', { 'retry-after': '0' });
    });
    await runtime.start(spec);
    expect(asked('create')).toHaveLength(3);
    expect(pods()).toHaveLength(1);
  });

  test('too many requests for too long: it says when to try again', async () => {
    refused(429, 'TooManyRequests', 'too many requests', { 'retry-after': '0' });
    await expect(runtime.start(spec)).rejects.toMatchObject({
      code: 'container.start_failed',
      extra: { retryAfterMs: 0 },
    });
    expect(asked('create')).toHaveLength(4);
  });

  test('a pod of that name that is not of our cluster', async () => {
    await open({ cluster: 'another' }).start(spec);
    await expect(runtime.start(spec)).rejects.toMatchObject({
      code: 'container.start_failed',
      message: expect.stringContaining('does not belong to the cluster'),
    });
  });
});

describe('nothing is missed', () => {
  test('of what happens while a watch is ended and opened again', async () => {
    await watched();
    await runtime.start(spec);
    await untilAsked('watch', 1);
    place.api.endWatches();
    becomes(podOf(), failed(7));
    expect(await exitOf()).toMatchObject({ reason: 'ended with exit code 7' });
  });

  test('where the revision is no longer kept: the pods are listed anew', async () => {
    await watched();
    await runtime.start(spec);
    await untilAsked('watch', 1);
    const lists = asked('list').length;
    const held = heldUp('watch');
    place.api.endWatches();
    await untilAsked('watch', 2);
    place.api.store.remove(podOf());
    place.api.store.compact();
    held.release();
    expect(await exitOf()).toMatchObject({ reason: 'its pod is gone' });
    expect(asked('list').length).toBeGreaterThan(lists);
  });

  test('where a watch is told that it came too late', async () => {
    await watched();
    await expect.poll(() => place.api.watching).toBe(1);
    const lists = asked('list').length;
    place.api.expireWatches();
    await untilAsked('watch', 2);
    expect(asked('list').length).toBeGreaterThan(lists);
  });

  test('and a bookmark spares the list', async () => {
    await watched();
    await untilAsked('watch', 1);
    await expect.poll(() => place.api.watching).toBe(1);
    // Changes to what is not ours: the watch hears of them by its bookmark only.
    await open({ cluster: 'another' }).start(spec);
    place.api.bookmark();
    const { revision } = place.api.store;
    place.api.endWatches();
    await expect
      .poll(() => asked('watch').some(({ query }) => query.get('resourceVersion') === String(revision)))
      .toBe(true);
  });

  test('while the API server is away: until it is back nothing is known, and nothing is told', async () => {
    await watched();
    await runtime.start(spec);
    becomes(podOf(), runs);
    await place.api.away();
    const late = open({ cluster: 'late' });
    await expect(late.list()).rejects.toMatchObject({ code: 'runtime.unavailable' });
    await expect(runtime.stop('w-1', 0)).rejects.toMatchObject({ code: 'runtime.unavailable' });
    expect(exits.all).toEqual([]);
    becomes(podOf(), failed(137));
    await place.api.back();
    expect(await exitOf()).toMatchObject({ reason: 'killed by SIGKILL' });
  });
});

/** Holds up each request of this kind until it is released. */
function heldUp(verb: string): { readonly release: () => void } {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const ungate = place.api.gate(async (one) => {
    if (one.verb === verb) await held;
  });
  return {
    release: () => {
      ungate();
      release();
    },
  };
}
