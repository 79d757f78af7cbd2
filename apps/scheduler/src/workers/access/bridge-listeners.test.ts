import type { RedisWorkerListeners } from '@remuda/redis';
import { expect, test } from 'vitest';
import { BridgeListeners } from './bridge-listeners.js';

/** A bridge that makes the sockets after so many looks. */
function bridge(looks: number) {
  const said: string[] = [];
  let left = looks;
  const listeners: Pick<RedisWorkerListeners, 'say' | 'areOpen'> = {
    say: async (worker) => void said.push(worker),
    areOpen: async (_, socketDir) => socketDir === '/s' && left-- <= 0,
  };
  return { said, listeners };
}

/** A clock on which every sleep is over at once. */
function clock() {
  let now = 0;
  return { now: () => now, monotonic: () => now, sleep: async (ms: number) => void (now += ms) };
}

test('a worker waits until its sockets are there', async () => {
  const [time, { said, listeners }] = [clock(), bridge(3)];
  await new BridgeListeners({ listeners, socketDir: '/s', clock: time }).open('w-1');
  expect(said).toEqual(['w-1']);
  expect(time.now()).toBeLessThan(20);
});

test('where no bridge makes them in this folder it says so after some seconds, and names the folder', async () => {
  const time = clock();
  const listeners = new BridgeListeners({ ...bridge(0), socketDir: '/elsewhere', clock: time });
  await expect(listeners.open('w-1')).rejects.toMatchObject({
    code: 'bridge.unavailable',
    message: expect.stringContaining('in /elsewhere:') as string,
  });
  expect(time.now()).toBeGreaterThan(15_000);
  expect(time.now()).toBeLessThan(16_000);
});
