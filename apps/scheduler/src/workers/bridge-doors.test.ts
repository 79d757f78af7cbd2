import type { RedisDoors } from '@remuda/redis';
import { expect, test } from 'vitest';
import { BridgeDoors } from './bridge-doors.js';

/** A bridge that makes the sockets after so many looks. */
function bridge(looks: number) {
  const said: string[] = [];
  let left = looks;
  const doors: Pick<RedisDoors, 'say' | 'areOpen'> = {
    say: async (worker) => void said.push(worker),
    areOpen: async (_, socketDir) => socketDir === '/s' && left-- <= 0,
  };
  return { said, doors };
}

/** A clock on which every sleep is over at once. */
function clock() {
  let now = 0;
  return { now: () => now, monotonic: () => now, sleep: async (ms: number) => void (now += ms) };
}

test('a worker waits until its sockets are there', async () => {
  const [time, { said, doors }] = [clock(), bridge(3)];
  await new BridgeDoors({ doors, socketDir: '/s', clock: time }).open('w-1');
  expect(said).toEqual(['w-1']);
  expect(time.now()).toBeLessThan(20);
});

test('where no bridge makes them in this folder it says so after some seconds, and names the folder', async () => {
  const time = clock();
  const doors = new BridgeDoors({ ...bridge(0), socketDir: '/elsewhere', clock: time });
  await expect(doors.open('w-1')).rejects.toMatchObject({
    code: 'bridge.unavailable',
    message: expect.stringContaining('in /elsewhere:') as string,
  });
  expect(time.now()).toBeGreaterThan(15_000);
  expect(time.now()).toBeLessThan(16_000);
});
