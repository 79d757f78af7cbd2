import { expect, test } from 'vitest';
import { Turns } from './turns.js';

/** Work that ends when told, and knows how often it ran. */
function work() {
  const ends: { resolve: (n: number) => void; reject: (error: Error) => void }[] = [];
  const turns = new Turns(() => new Promise<number>((resolve, reject) => ends.push({ resolve, reject })));
  return { turns, ends };
}

test('whoever comes while a run is under way shares the next one, which begins after', async () => {
  const { turns, ends } = work();
  const first = turns.take();
  const second = turns.take();
  const third = turns.take();
  expect(ends).toHaveLength(1);
  ends[0]?.resolve(1);
  expect(await first).toBe(1);
  await expect.poll(() => ends.length).toBe(2);
  ends[1]?.resolve(2);
  expect(await Promise.all([second, third])).toEqual([2, 2]);
  expect(ends).toHaveLength(2);
});

test('a run that fails is no reason for the next to fail', async () => {
  const { turns, ends } = work();
  const first = turns.take();
  const second = turns.take();
  ends[0]?.reject(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await expect.poll(() => ends.length).toBe(2);
  ends[1]?.resolve(2);
  expect(await second).toBe(2);
  void turns.take();
  expect(ends).toHaveLength(3);
});
