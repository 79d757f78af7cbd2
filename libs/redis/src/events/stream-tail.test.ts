import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { StreamTail } from './stream-tail.js';

/** A connection that answers when it is told to. */
function slowRedis() {
  const reads: unknown[][] = [];
  let tellId: (id: number) => void = () => undefined;
  let tellEntries: (streams: unknown) => void = () => undefined;
  const redis = {
    on: () => redis,
    disconnect: () => undefined,
    client: () => new Promise<number>((resolve) => (tellId = resolve)),
    xread: (...args: unknown[]) => {
      reads.push(args.slice(args.indexOf('STREAMS') + 1));
      return new Promise((resolve) => (tellEntries = resolve));
    },
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    ...{ redis: redis as unknown as Redis, reads },
    tellId: async (id: number) => (tellId(id), settled()),
    tellEntries: async (streams: unknown) => (tellEntries(streams), settled()),
  };
}

test('nothing is read where the last stream went while the connection was asked for its id', async () => {
  const { redis, reads, tellId } = slowRedis();
  const tail = new StreamTail(() => redis, { waker: redis });
  tail.add('a', '0-0', () => undefined);
  await tail.remove('a');
  await tellId(7);
  expect(reads).toEqual([]);
  tail.add('b', '0-0', () => undefined);
  await tellId(7);
  expect(reads).toEqual([['b', '0-0']]);
});

test('a stream that is added at the moment in which the last one went is read', async () => {
  const { redis, reads, tellEntries } = slowRedis();
  const tail = new StreamTail(() => redis);
  tail.add('a', '0-0', () => {
    void tail.remove('a').then(() => {
      tail.add('b', '0-0', () => undefined);
    });
  });
  await tellEntries([['a', [['1-0', []]]]]);
  await expect
    .poll(() => reads)
    .toEqual([
      ['a', '0-0'],
      ['b', '0-0'],
    ]);
});

test('a stream whose consumer is stuck is not read while too much of it waits; the others go on', async () => {
  const { redis, reads, tellEntries } = slowRedis();
  const tail = new StreamTail(() => redis);
  let release: () => void = () => undefined;
  const others: unknown[] = [];
  tail.add('stuck', '0-0', () => new Promise<void>((resolve) => (release = resolve)));
  tail.add('other', '0-0', (entries) => void others.push(...entries.map(([id]) => id)));
  await tellEntries(null);
  await tellEntries([['stuck', [['1-0', ['d', 'x'.repeat(2_000_000)]]]]]);
  await expect.poll(() => reads.at(-1)).toEqual(['other', '0-0']);
  await tellEntries([['other', [['1-0', ['d', 'x']]]]]);
  await expect.poll(() => others).toEqual(['1-0']);
  release();
  await expect.poll(() => reads.at(-1)).toEqual(['other', '1-0']);
  await tellEntries(null);
  await expect.poll(() => reads.at(-1)).toEqual(['stuck', 'other', '1-0', '1-0']);
});

test('what comes while its consumer is busy is handed on together', async () => {
  const { redis, tellEntries } = slowRedis();
  const tail = new StreamTail(() => redis);
  const releases: (() => void)[] = [];
  const handed: string[][] = [];
  tail.add('a', '0-0', (entries) => {
    handed.push(entries.map(([id]) => id));
    return new Promise<void>((resolve) => releases.push(resolve));
  });
  for (const id of ['1-0', '2-0', '3-0']) await tellEntries([['a', [[id, []]]]]);
  expect(handed).toEqual([['1-0']]);
  releases[0]?.();
  await expect.poll(() => handed).toEqual([['1-0'], ['2-0', '3-0']]);
});

test('what was read for a stream before it was removed and added again is not handed on', async () => {
  const { redis, reads, tellEntries } = slowRedis();
  const tail = new StreamTail(() => redis);
  const taken: string[] = [];
  const take = (entries: readonly (readonly [string, unknown])[]): void =>
    void taken.push(...entries.map(([id]) => id));
  tail.add('a', '0-0', take);
  await expect.poll(() => reads.length).toBe(1);
  await tail.remove('a');
  tail.add('a', '2-0', take);
  await tellEntries([
    [
      'a',
      [
        ['1-0', []],
        ['2-0', []],
      ],
    ],
  ]);
  await tellEntries([['a', [['3-0', []]]]]);
  expect(reads.slice(0, 2)).toEqual([
    ['a', '0-0'],
    ['a', '2-0'],
  ]);
  expect(taken).toEqual(['3-0']);
});
