import { expect, test } from 'vitest';
import { Groups } from './groups.js';

test('what arrives together is written together, and everyone gets the answers to their own', async () => {
  const groups: (readonly number[])[] = [];
  const doubled = new Groups<number, number>(async (items) => {
    groups.push(items);
    return items.map((item) => item * 2);
  });
  expect(await Promise.all([doubled.add([1]), doubled.add([2, 3])])).toEqual([[2], [4, 6]]);
  expect(await doubled.add([4])).toEqual([8]);
  expect(groups).toEqual([[1, 2, 3], [4]]);
});

test.each([
  [undefined, [100, 100, 50]],
  [120, [120, 120, 10]],
])('a group that is large enough does not wait for more', async (enough, expected) => {
  const sizes: number[] = [];
  const count = async (items: readonly number[]): Promise<readonly number[]> => {
    sizes.push(items.length);
    return items;
  };
  const counted = new Groups<number, number>(count, enough);
  await Promise.all(Array.from({ length: 250 }, (_, i) => counted.add([i])));
  expect(sizes).toEqual(expected);
});

test('everyone of a group that fails hears why, and the next one is not concerned', async () => {
  let broken = true;
  const groups = new Groups<number, number>(async (items) => {
    if (broken) throw new Error('full');
    return items;
  });
  const failed = await Promise.allSettled([groups.add([1]), groups.add([2])]);
  expect(failed.map((each) => each.status)).toEqual(['rejected', 'rejected']);
  broken = false;
  expect(await groups.add([3])).toEqual([3]);
});
