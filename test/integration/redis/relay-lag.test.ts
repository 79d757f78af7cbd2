import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeReport, joinReports } from '@remuda/protocol';
import { Relay, redisKeys, type RelayListener } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import { startRedis, type TestRedis } from '../redis.js';

const keys = redisKeys('t');
const worker = 'w-default-1';
const heartbeat = joinReports([encodeReport({ kind: 'heartbeat', phase: 'idle', rssMb: 64 })]);
let server: TestRedis;
let redis: RawConnection;
let relay: Relay;
/** How many reports were handed over, and what holds up the next. */
let heard = 0;
let gate = Promise.resolve();

beforeEach(async () => {
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
  heard = 0;
  gate = Promise.resolve();
  const listener: RelayListener = {
    onStatus: async () => {
      heard++;
      await gate;
    },
    onOutcome: () => Promise.resolve(true),
    onKept: () => Promise.resolve(true),
    onRefused: () => undefined,
    onElsewhere: () => undefined,
    onIncompatible: () => undefined,
    isResting: () => false,
  };
  relay = new Relay(() => connectRaw(server.url, { name: 'relay' }), redis, keys, listener, systemClock);
});

afterEach(async () => {
  await relay.close();
  redis.disconnect();
  await server.close();
});

/** Holds up whatever is handed over from now on, until the returned function is called. */
function hold(): () => void {
  let open = (): void => undefined;
  gate = new Promise((resolve) => (open = resolve));
  return open;
}

const say = (entry: string) => redis.xadd(keys.workerOut(worker), entry, 'd', heartbeat);

test('a relay lags while the last entry of a worker is one that it has not come to', async () => {
  await relay.follow(worker);
  expect(await relay.lags(worker)).toBe(false);
  const open = hold();
  await say('1-0');
  await say('2-0');
  await expect.poll(() => heard).toBe(1);
  expect(await relay.lags(worker)).toBe(true);
  open();
  await expect.poll(() => heard).toBe(2);
  await expect.poll(() => relay.lags(worker)).toBe(false);
});

test('what was read before is nothing to lag behind, also for a relay that goes on from the cursor of another one', async () => {
  await say('1-0');
  await say('2-0');
  await redis.hset(keys.relayCursors, worker, '2-1');
  const open = hold();
  await relay.follow(worker);
  // The entry of the cursor may be half taken: it's read again first.
  await expect.poll(() => relay.lags(worker)).toBe(false);
  await say('3-0');
  expect(await relay.lags(worker)).toBe(true);
  open();
  await expect.poll(() => relay.lags(worker)).toBe(false);
});

test('a relay does not lag behind workers that it does not follow, nor behind what is no stream', async () => {
  await say('1-0');
  expect(await relay.lags(worker)).toBe(false);
  const open = hold();
  await relay.follow(worker);
  await redis.set(keys.workerOut(worker), 'something else');
  expect(await relay.lags(worker)).toBe(false);
  open();
  relay.unfollow(worker);
  expect(await relay.lags(worker)).toBe(false);
});
