import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Purses, type Admission } from './purses.js';

/** A job with a budget of 100 that has spent `spent` so far. */
function purseOf(spent = 0) {
  const purses = new Purses();
  const state = { spent };
  const admit = (most: number, job = 'j') => purses.admit({ job, budget: 100, most, spent: async () => state.spent });
  return { state, admit };
}

const end = (admission: Admission): void => {
  if (admission !== 'spent') admission.end();
};

test('what fits beside each other runs at the same time', async () => {
  const { admit } = purseOf();
  const both = await Promise.all([admit(40), admit(60)]);
  expect(both).toMatchObject([
    { kind: 'admitted', waited: false },
    { kind: 'admitted', waited: false },
  ]);
});

test('what does not fit waits until one has ended, in order, and is refused when that one has spent all', async () => {
  const { state, admit } = purseOf();
  const order: string[] = [];
  const first = await admit(1_000);
  const rest = ['a', 'b'].map(async (name) => {
    const admission = await admit(1_000);
    order.push(name);
    return admission;
  });
  await turn();
  expect(order).toEqual([]);
  state.spent = 50;
  end(first);
  const second = await rest[0]!;
  await turn();
  expect(second).toMatchObject({ kind: 'admitted', waited: true });
  expect(order).toEqual(['a']);
  state.spent = 100;
  end(second);
  expect(await rest[1]!).toBe('spent');
});

test('a request alone is admitted whatever it may cost, and none once all is spent', async () => {
  expect(await purseOf(99).admit(1_000)).toMatchObject({ kind: 'admitted' });
  expect(await purseOf(100).admit(0)).toBe('spent');
});

test('jobs do not wait for one another', async () => {
  const { admit } = purseOf();
  await admit(1_000);
  expect(await admit(1_000, 'other')).toMatchObject({ kind: 'admitted', waited: false });
});

test('one that could not be asked for refuses itself alone', async () => {
  const purses = new Purses();
  const charge = { job: 'j', budget: 100, most: 1 };
  const failed = purses.admit({ ...charge, spent: () => Promise.reject(new Error('away')) });
  await expect(failed).rejects.toThrow('away');
  expect(await purses.admit({ ...charge, spent: async () => 0 })).toMatchObject({ kind: 'admitted' });
});
