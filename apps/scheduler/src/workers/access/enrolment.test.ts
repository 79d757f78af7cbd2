import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ManualClock, profile } from '@remuda/testing';
import { Enrolment, newWorkerId } from './enrolment.js';
import type { WorkerSurroundings } from './worker-environment.js';

/** An enrolment that notes what it does, in order. `ours` is whether the pool is ours to keep. */
function enrolment(ours = true, more: Partial<WorkerSurroundings> = {}) {
  const done: string[] = [];
  const credentials: (string | undefined)[] = [];
  const taken = new Enrolment({
    identity: { scheduler: 's-1', engine: 'e-1' },
    registry: {
      register: async ({ id, engine, bridge, bridgeCredential }) => {
        credentials.push(bridgeCredential);
        done.push(`register ${id} ${engine} ${bridge}`);
        return ours;
      },
      note: async (id, facts) => void done.push(`note ${id} ${Object.keys(facts).join()}`),
    },
    access: { grant: async (id) => (done.push(`grant ${id}`), { username: `remuda-${id}`, password: 'pw' }) },
    relay: { follow: async (id) => void done.push(`follow ${id}`) },
    listeners: { open: async (id) => void done.push(`open ${id}`) },
    fleet: { add: ({ id, phase }) => void done.push(`add ${id} ${phase}`), get: () => undefined },
    images: { lookAt: async () => 'r-1' },
    spares: { of: () => undefined },
    surroundings: {
      ...{ reachesRedis: 'by-bridge', namespace: 'n', redisUrl: 'redis://host', bridgeDir: '/b' },
      ...{ logLevel: 'info', drainMs: 10_000, ...more },
    },
    clock: new ManualClock(),
  });
  return { taken, done, credentials };
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

  test('with a credential of its own for a bridge over the network, of which the record has the SHA-256 only', async () => {
    const { taken, credentials } = enrolment(true, { bridge: { url: new URL('https://bridge.example') } });
    const given = [];
    for (const id of ['pod-1', 'pod-2']) {
      const env = await taken.enrol(id, profile(), 'f-1');
      given.push(env?.['REMUDA_BRIDGE_CREDENTIAL'] ?? '');
    }
    expect(new Set(given).size).toBe(2);
    expect(given.map((credential) => Buffer.from(credential, 'base64url').length)).toEqual([32, 32]);
    expect(credentials).toEqual(given.map((credential) => createHash('sha256').update(credential).digest('hex')));
  });

  test('without one where it comes to the bridge by sockets', async () => {
    const { taken, credentials } = enrolment();
    expect(await taken.enrol('pod-1', profile(), 'f-1')).not.toHaveProperty('REMUDA_BRIDGE_CREDENTIAL');
    expect(credentials).toEqual([undefined]);
  });
});
