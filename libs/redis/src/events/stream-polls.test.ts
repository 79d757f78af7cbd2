import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { StreamPolls } from './stream-polls.js';

const everyMs = 1;

/** A connection with these streams, one of which may be something else. */
function redisWith(streams: Record<string, readonly string[] | 'not a stream'>) {
  const redis = {
    xread: (...args: readonly (string | number)[]) => {
      const named = args.slice(args.indexOf('STREAMS') + 1) as readonly string[];
      const keys = named.slice(0, named.length / 2);
      if (keys.some((key) => streams[key] === 'not a stream'))
        return Promise.reject(new Error('WRONGTYPE Operation against a key holding the wrong kind of value'));
      const after = (key: string) => Number.parseInt(named[keys.length + keys.indexOf(key)] ?? '', 10);
      const read = keys.flatMap((key) => {
        const of = (streams[key] ?? []) as readonly string[];
        const found = of.filter((id) => Number.parseInt(id, 10) > after(key));
        return found.length > 0 ? [[key, found.map((id) => [id, []])]] : [];
      });
      return Promise.resolve(read.length > 0 ? read : null);
    },
  };
  return redis as unknown as Redis;
}

test('entries that a consumer rejects are delivered again, and those after them later', async () => {
  const streams = { a: ['1-0'] };
  const polls = new StreamPolls(redisWith(streams), everyMs);
  const taken: (readonly string[])[] = [];
  let fails = 2;
  polls.add('a', '0-0', (entries) => {
    taken.push(entries.map(([id]) => id));
    if (fails-- > 0) throw new Error('not now');
  });
  await expect.poll(() => taken.length).toBe(3);
  streams.a.push('2-0');
  await expect.poll(() => taken).toEqual([['1-0'], ['1-0'], ['1-0'], ['2-0']]);
  await polls.close();
});

test('one that is no stream keeps no other from being read', async () => {
  const polls = new StreamPolls(redisWith({ a: ['1-0'], b: 'not a stream', c: ['1-0', '2-0'] }), everyMs);
  const taken: string[] = [];
  for (const key of ['a', 'b', 'c'])
    polls.add(key, '0-0', (entries) => void taken.push(...entries.map(([id]) => `${key} ${id}`)));
  await expect.poll(() => taken).toEqual(['a 1-0', 'c 1-0', 'c 2-0']);
  await polls.close();
});

test('a stream is removed once what was read of it is consumed, and is not read afterwards', async () => {
  const streams = { a: ['1-0'] };
  const polls = new StreamPolls(redisWith(streams), everyMs);
  const taken: string[] = [];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  polls.add('a', '0-0', async (entries) => {
    taken.push(...entries.map(([id]) => id));
    await held;
  });
  polls.add('b', '0-0', () => undefined);
  await expect.poll(() => taken).toEqual(['1-0']);
  let isRemoved = false;
  const removed = polls.remove('a').then(() => (isRemoved = true));
  await Promise.resolve();
  expect(isRemoved).toBe(false);
  streams.a.push('2-0');
  release();
  await removed;
  await polls.close();
  expect(taken).toEqual(['1-0']);
});

test('what was read for a stream before it was removed and added again is not handed on', async () => {
  const reads: { after: unknown; answer: (streams: unknown) => void }[] = [];
  const redis = {
    xread: (...args: readonly unknown[]) => new Promise((answer) => reads.push({ after: args.at(-1), answer })),
  } as unknown as Redis;
  const polls = new StreamPolls(redis, everyMs);
  const taken: string[] = [];
  const add = (after: string): void => {
    polls.add('a', after, (entries) => void taken.push(...entries.map(([id]) => id)));
  };
  add('0-0');
  await expect.poll(() => reads.length).toBe(1);
  await polls.remove('a');
  add('1-0');
  reads[0]?.answer([['a', [['1-0', []]]]]);
  await expect.poll(() => reads.length).toBe(2);
  expect(reads.map(({ after }) => after)).toEqual(['0-0', '1-0']);
  reads[1]?.answer([['a', [['2-0', []]]]]);
  await expect.poll(() => taken).toEqual(['2-0']);
  const closed = polls.close();
  reads[2]?.answer(null);
  await closed;
});
