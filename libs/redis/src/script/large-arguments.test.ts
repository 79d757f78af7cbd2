import { expect, test } from 'vitest';
import { LargeArguments, type Encoded } from './large-arguments.js';

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
  const args = { a: 'a', b: 1, c: '' };
  expect(new LargeArguments().encoded(args)).toBe(args);
});

test('a large one becomes its bytes, whole pairs included, while others have their turn', async () => {
  const text = `a${'😀'.repeat(200_000)}`;
  const large = new LargeArguments();
  let encoded: Encoded<'before' | 'text' | 'behind'> | undefined;
  const turns = await turnsDuring(async () => {
    encoded = await large.encoded({ before: 'before', text, behind: 'behind' });
  });
  expect(turns).toBeGreaterThan(5);
  expect([encoded?.before, encoded?.behind]).toEqual(['before', 'behind']);
  expect(String(encoded?.text) === text).toBe(true);
});

test('many texts that are each taken in one turn are not all taken in the same one', async () => {
  const large = new LargeArguments();
  const turns = await turnsDuring(async () => {
    for (let n = 0; n < 500; n++) await large.encoded({ text: 'x'.repeat(10_000) });
  });
  expect(turns).toBeGreaterThan(50);
});
