import { describe, expect, test } from 'vitest';
import { ManualClock, profile } from '@remuda/testing';
import { Enrolment, newWorkerId } from './enrolment.js';

/** An enrolment that notes what it does, in order. `ours` is whether the pool is ours to keep. */
function enrolment(ours = true) {
  const done: string[] = [];
  const taken = new Enrolment({
    identity: { scheduler: 's-1', engine: 'e-1' },
    registry: { register: async ({ id, engine, bridge }) => (done.push(`register ${id} ${engine} ${bridge}`), ours) },
    access: { grant: async (id) => (done.push(`grant ${id}`), { username: `remuda-${id}`, password: 'pw' }) },
    relay: { follow: async (id) => void done.push(`follow ${id}`) },
    listeners: { open: async (id) => void done.push(`open ${id}`) },
    fleet: { add: ({ id, phase }) => void done.push(`add ${id} ${phase}`) },
    images: { lookAt: async () => 'r-1' },
    surroundings: {
      ...{ reachesRedis: 'by-bridge', namespace: 'n', redisUrl: 'redis://host', bridgeDir: '/b' },
      ...{ logLevel: 'info', drainMs: 10_000 },
    },
    clock: new ManualClock(),
  });
  return { taken, done };
}

describe('a worker is taken in', () => {
  test('under the id that it comes with, and is heard before it can speak', async () => {
    const { taken, done } = enrolment();
    const env = await taken.enrol('pod-0f3c', profile(), 'f-1');
    const steps = ['register pod-0f3c e-1 e-1:/b', 'add pod-0f3c starting', 'grant pod-0f3c', 'follow pod-0f3c'];
    expect(done).toEqual([...steps, 'open pod-0f3c']);
    expect(env).toMatchObject({ REMUDA_WORKER_ID: 'pod-0f3c', REMUDA_REDIS_URL: 'redis://remuda-pod-0f3c:pw@host' });
  });

  test('not where its pool is kept by another scheduler', async () => {
    const { taken, done } = enrolment(false);
    expect(await taken.enrol('pod-0f3c', profile(), 'f-1')).toBeUndefined();
    expect(done).toEqual(['register pod-0f3c e-1 e-1:/b']);
  });

  test.each(['', 'Pod', 'a b', 'w:1', '*', 'x'.repeat(64)])('not as %j, which is no id', async (id) => {
    const { taken, done } = enrolment();
    await expect(taken.enrol(id, profile(), 'f-1')).rejects.toMatchObject({ code: 'request.invalid' });
    expect(done).toEqual([]);
  });

  test('under a name of our own, whatever its profile is called', async () => {
    const { taken } = enrolment();
    expect(await taken.enrol(newWorkerId('p'.repeat(63)), profile(), 'f-1')).toBeDefined();
  });
});
