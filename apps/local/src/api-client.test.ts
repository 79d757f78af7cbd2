import { expect, test } from 'vitest';
import { poolStanding } from './api-client.js';

test('who waits for a worker hears what the pool is about', () => {
  expect(poolStanding(undefined)).toBe('the scheduler has not begun');
  expect(poolStanding({ workers: { starting: 0, idle: 0, gone: 2 }, halts: [] })).toBe('no worker yet');
  expect(poolStanding({ workers: { starting: 2, idle: 0 }, halts: [] })).toBe('workers: 2 starting');
});

test('and what keeps it', () => {
  const halts = [{ kind: 'suspended', reason: 'The image is missing.' }];
  expect(poolStanding({ workers: { starting: 1 }, halts })).toBe(
    'suspended: The image is missing.; workers: 1 starting',
  );
});
