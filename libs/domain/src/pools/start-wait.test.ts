import { expect, test } from 'vitest';
import { waitsOf } from './start-wait.js';

test('containers that wait for the same are counted together, with the message of the first', () => {
  const cpu = (message: string) => ({ waitsFor: { reason: 'cpu', message } }) as const;
  const image = { waitsFor: { reason: 'image', message: 'no image' } } as const;
  expect(waitsOf([image, {}, cpu('1 of 3'), cpu('2 of 3')])).toEqual([
    { reason: 'cpu', message: '1 of 3', workers: 2 },
    { reason: 'image', message: 'no image', workers: 1 },
  ]);
  expect(waitsOf([{}, {}])).toEqual([]);
});
