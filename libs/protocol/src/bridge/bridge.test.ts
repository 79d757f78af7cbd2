import { expect, test } from 'vitest';
import { isSocketFolder, socketFolder } from './bridge.js';

test('each worker has a folder of a short name of its own', () => {
  const workers = Array.from({ length: 5_000 }, (_, i) => `w-default-${i.toString(16).padStart(8, '0')}`);
  const names = workers.map(socketFolder);
  expect(new Set(names).size).toBe(workers.length);
  expect(names.every(isSocketFolder)).toBe(true);
  expect(['bridge.sock', '..', 'x'.repeat(12), 'abcdef'].some(isSocketFolder)).toBe(false);
});
