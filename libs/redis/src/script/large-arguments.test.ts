import { expect, test } from 'vitest';
import { LargeArguments } from './large-arguments.js';

/** How many turns others have while something is done. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let next: NodeJS.Immediate | undefined;
  const turn = (): void => {
    turns++;
    next = setImmediate(turn);
  };
  turn();
  await work();
  clearImmediate(next);
  return turns;
}

test('small arguments are taken as they are, and nobody waits for them', () => {
  const list = new LargeArguments();
  expect(list.add(['a', 1, ''])).toBeUndefined();
  expect(list.all).toEqual(['a', 1, '']);
});

test('a large one becomes its bytes, whole pairs included, while others have their turn', async () => {
  const text = `a${'😀'.repeat(200_000)}`;
  const list = new LargeArguments();
  expect(await turnsDuring(async () => list.add(['before', text, 'behind']))).toBeGreaterThan(5);
  const [before, bytes, behind] = list.all;
  expect([before, behind]).toEqual(['before', 'behind']);
  expect(String(bytes) === text).toBe(true);
});

test('many texts that are each taken in one turn are not all taken in the same one', async () => {
  const list = new LargeArguments();
  const turns = await turnsDuring(async () => {
    for (let n = 0; n < 500; n++) await list.add(['x'.repeat(10_000)]);
  });
  expect(turns).toBeGreaterThan(50);
});
