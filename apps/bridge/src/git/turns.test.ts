import { expect, test } from 'vitest';
import { Turns } from './turns.js';

/** Work that ends when told, and knows how often it ran and whether it was told to end. */
function work() {
  const ends: { resolve: (n: number) => void; reject: (error: Error) => void; signal: AbortSignal }[] = [];
  const turns = new Turns((signal) => new Promise<number>((resolve, reject) => ends.push({ resolve, reject, signal })));
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

test('a run that nobody waits for any more is told to end, and one that anybody waits for is not', async () => {
  const { turns, ends } = work();
  const [one, other] = [new AbortController(), new AbortController()];
  const first = turns.take(one.signal);
  one.abort();
  await expect(first).rejects.toThrow('The client no longer waits');
  expect(ends[0]?.signal.aborted).toBe(true);
  const [second, third] = [turns.take(other.signal), turns.take()];
  ends[0]?.reject(new Error('ended'));
  await expect.poll(() => ends.length).toBe(2);
  other.abort();
  await expect(second).rejects.toThrow('The client no longer waits');
  expect(ends[1]?.signal.aborted).toBe(false);
  ends[1]?.resolve(2);
  expect(await third).toBe(2);
});

test('a run that nobody waits for when its turn comes does not begin, and who comes after has another', async () => {
  const { turns, ends } = work();
  const leaver = new AbortController();
  const first = turns.take();
  const left = turns.take(leaver.signal);
  leaver.abort();
  await expect(left).rejects.toThrow('The client no longer waits');
  const stays = turns.take();
  ends[0]?.resolve(1);
  await first;
  await expect.poll(() => ends.length).toBe(2);
  ends[1]?.resolve(2);
  expect(await stays).toBe(2);
  expect(ends).toHaveLength(2);
});
