import { expect, test } from 'vitest';
import { poolStanding } from './api-client.js';

const nobody = { starting: 0, idle: 0, busy: 0, draining: 0, gone: 0 };

test('who waits for a worker hears what the pool is about', () => {
  expect(poolStanding(undefined)).toBe('the scheduler has not started');
  expect(poolStanding({ workers: { ...nobody, gone: 2 }, halts: [] })).toBe('no worker yet');
  expect(poolStanding({ workers: { ...nobody, starting: 2 }, halts: [] })).toBe('workers: 2 starting');
});

test('and what keeps it', () => {
  const halts = [{ kind: 'suspended', reason: 'The image is missing.' }] as const;
  expect(poolStanding({ workers: { ...nobody, starting: 1 }, halts })).toBe(
    'suspended: The image is missing.; workers: 1 starting',
  );
});
