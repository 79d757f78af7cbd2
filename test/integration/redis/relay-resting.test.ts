import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeReport, joinReports } from '@remuda/protocol';
import { Relay, redisKeys, type RelayListener } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import { startRedis, type TestRedis } from '../redis.js';

const keys = redisKeys('t');
const beat = (rssMb: number): string => joinReports([encodeReport({ kind: 'heartbeat', phase: 'idle', rssMb })]);
const everyMs = 50;
const eventually = <T>(value: () => T) => expect.poll(value, { timeout: 20_000 });
let server: TestRedis;
let redis: RawConnection;
let relay: Relay;
let heard: [worker: string, rssMb: number | undefined][] = [];
const busy = new Set<string>();

beforeEach(async () => {
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
  heard = [];
  busy.clear();
  relay = relayThatLooks(everyMs);
});

function relayThatLooks(everyMs: number): Relay {
  const listener: RelayListener = {
    onStatus: (worker, { rssMb }) => Promise.resolve(void heard.push([worker, rssMb])),
    onOutcome: () => Promise.resolve(true),
    onKept: () => Promise.resolve(true),
    onRefused: () => undefined,
    onElsewhere: () => undefined,
    onIncompatible: () => undefined,
    isResting: (worker) => !busy.has(worker),
  };
  const connect = () => connectRaw(server.url, { name: 'relay' });
  return new Relay(connect, redis, keys, listener, systemClock, { above: 1, everyMs });
}

afterEach(async () => {
  await relay.close();
  redis.disconnect();
  await server.close();
});

const say = (worker: string, nth: number) => redis.xadd(keys.workerOut(worker), `${String(nth)}-0`, 'd', beat(nth));
const of = (worker: string) => heard.flatMap(([from, rssMb]) => (from === worker ? [rssMb] : []));
/** Blocking reads of workers' streams that Redis was asked for so far. */
async function blockingReads(): Promise<number> {
  return Number(/cmdstat_xread:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
}

test('each heartbeat of workers that rest is heard once and in order, however their streams are read meanwhile', async () => {
  await relay.follow('a', 'b');
  for (let nth = 1; nth <= 60; nth++) {
    await say('a', nth);
    await say('b', nth);
    if (nth % 7 === 0) relay.attend('a');
    if (nth % 10 === 0) await eventually(() => of('b').length).toBe(nth);
  }
  const all = Array.from({ length: 60 }, (_, i) => i + 1);
  await eventually(() => of('a')).toEqual(all);
  expect(of('b')).toEqual(all);
});

test('many heartbeats of workers that rest cost few reads', async () => {
  await relay.follow('a', 'b');
  await say('a', 1);
  await say('b', 1);
  await eventually(() => heard.length).toBe(2);
  // the read that was under way for both ends with one more entry of either
  await say('a', 2);
  await say('b', 2);
  await eventually(() => heard.length).toBe(4);
  const before = await blockingReads();
  const began = performance.now();
  for (let nth = 3; nth <= 202; nth++) await Promise.all([say('a', nth), say('b', nth)]);
  await eventually(() => heard.length).toBe(404);
  const looks = (performance.now() - began) / everyMs;
  expect((await blockingReads()) - before).toBeLessThanOrEqual(looks + 4);
});

test('a worker that has something to do is read at once, and rests again afterwards', async () => {
  await relay.close();
  relay = relayThatLooks(600_000);
  await relay.follow('a', 'b');
  await say('a', 1);
  await eventually(() => of('a')).toEqual([1]);
  await say('a', 2);
  busy.add('a');
  relay.attend('a');
  await eventually(() => of('a')).toEqual([1, 2]);
  await say('a', 3);
  await eventually(() => of('a')).toEqual([1, 2, 3]);
});

test('the last words of a worker that rested are read when it is gone, and nothing of it afterwards', async () => {
  await relay.follow('a', 'b');
  await say('a', 1);
  await eventually(() => of('a')).toEqual([1]);
  await say('a', 2);
  await relay.finish('a');
  const known = of('a');
  expect(known.at(-1)).toBe(2);
  await say('a', 3);
  await say('b', 1);
  await say('b', 2);
  await eventually(() => of('b')).toEqual([1, 2]);
  expect(of('a')).toEqual(known);
});
