import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { ManualClock } from '@remuda/testing';
import { connectionOf } from './redis-connection.js';
import { RedisClock } from './redis-clock.js';

const hourMs = 3_600_000;

/** A machine and a Redis whose clock is an hour ahead of the machine's. */
function apart() {
  const own = new ManualClock(1_700_000_000_000);
  const redis = { aheadMs: hourMs, thereMs: 0, backMs: 0, asked: 0, away: false };
  /** What Redis shows: its clock goes on whatever the machine's does. */
  const shown = (): number => own.monotonic() + redis.aheadMs;
  const time = async (): Promise<[string, string]> => {
    redis.asked++;
    const { thereMs, backMs } = redis;
    if (redis.away) throw new Error('Connection is closed.');
    await own.advance(thereMs);
    const [seconds, micros] = [Math.floor(shown() / 1_000), (shown() % 1_000) * 1_000];
    await own.advance(backMs);
    return [String(seconds), String(micros)];
  };
  return { own, redis, shown, clock: new RedisClock(connectionOf({ time } as unknown as Redis), own) };
}

test('is the local clock before Redis was asked, and the clock of Redis from then on', async () => {
  const { own, clock, shown } = apart();
  expect(clock.now()).toBe(own.now());
  await clock.measure();
  expect(clock.now()).toBe(shown());
  await own.advance(1_234);
  expect(clock.now()).toBe(shown());
});

test('setting the local clock changes nothing', async () => {
  const { own, clock, shown } = apart();
  await clock.measure();
  own.jump(-hourMs);
  expect(clock.now()).toBe(shown());
  await clock.settled();
  expect(clock.now()).toBe(shown());
});

test('is never ahead of Redis, and the faster answer is the one that counts', async () => {
  const { redis, clock, shown } = apart();
  Object.assign(redis, { thereMs: 5, backMs: 2_000 });
  await clock.measure();
  expect(shown() - clock.now()).toBe(2_000);
  Object.assign(redis, { thereMs: 5, backMs: 5 });
  await clock.measure();
  expect(shown() - clock.now()).toBe(5);
  Object.assign(redis, { thereMs: 300, backMs: 300 });
  await clock.measure();
  expect(shown() - clock.now()).toBe(5);
});

test('one answer that lay unread for long does not count where the next one is fast', async () => {
  const { redis, clock, shown } = apart();
  Object.assign(redis, { backMs: 300 });
  const measured = clock.measure();
  Object.assign(redis, { backMs: 1 });
  await measured;
  expect(shown() - clock.now()).toBe(1);
});

test('follows when the clock of Redis is set', async () => {
  const { redis, clock, shown } = apart();
  await clock.measure();
  for (const aheadMs of [0, 2 * hourMs]) {
    redis.aheadMs = aheadMs;
    await clock.measure();
    expect(clock.now()).toBe(shown());
  }
});

test('after the machine was suspended, and only then, it is settled when Redis was asked anew', async () => {
  const { own, redis, clock, shown } = apart();
  await clock.measure();
  await clock.settled();
  expect(redis.asked).toBe(1);
  own.jump(hourMs);
  redis.aheadMs += hourMs;
  await clock.settled();
  expect(redis.asked).toBe(2);
  expect(clock.now()).toBe(shown());
});

test('while Redis is away what was known holds', async () => {
  const { own, redis, clock, shown } = apart();
  await clock.measure();
  redis.away = true;
  own.jump(hourMs);
  await expect(clock.settled()).resolves.toBeUndefined();
  await expect(clock.measure()).rejects.toThrow('closed');
  expect(clock.now()).toBe(shown());
});
