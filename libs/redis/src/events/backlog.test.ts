import { describe, expect, it } from 'vitest';
import { Backlog, entriesWorth, type StreamEntry } from './backlog.js';

const entry = (id: number, length: number): StreamEntry => [`${id}-0`, ['d', 'x'.repeat(length)]];

describe('entries of each stream in one read', () => {
  it.each([
    ['of few small ones: as many as allowed', 200, 5, 500],
    ['of many streams: fewer of each', 1_000, 1_000, 4],
    ['of large ones: one', 1_000_000, 20, 1],
  ])('%s', (_what, bytes, streams, count) => {
    expect(entriesWorth(bytes, streams)).toBe(count);
  });
});

describe('a backlog', () => {
  it('hands out everything that waits together, in order', () => {
    const backlog = new Backlog();
    backlog.add([entry(1, 10), entry(2, 10)]);
    backlog.add([entry(3, 10)]);
    expect(backlog.take().map(([id]) => id)).toEqual(['1-0', '2-0', '3-0']);
    expect(backlog.take()).toEqual([]);
  });

  it('hands out large entries in chunks of half a million characters, and at least one', () => {
    const backlog = new Backlog();
    backlog.add([entry(1, 300_000), entry(2, 200_000), entry(3, 300_000), entry(4, 900_000)]);
    const chunks = [backlog.take(), backlog.take(), backlog.take(), backlog.take()];
    expect(chunks.map((chunk) => chunk.map(([id]) => id))).toEqual([['1-0', '2-0'], ['3-0'], ['4-0'], []]);
  });

  it('is full until its consumer is done with what it took', () => {
    const backlog = new Backlog();
    backlog.add([entry(1, 1_100_000)]);
    expect(backlog.isFull).toBe(true);
    const taken = backlog.take();
    expect(backlog.isFull).toBe(true);
    expect(backlog.taken(taken)).toBe(true);
    expect(backlog.isFull).toBe(false);
  });
});
