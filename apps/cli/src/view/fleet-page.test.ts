import type { Job, Pool, Worker } from '@remuda/client';
import picocolors from 'picocolors';
import { expect, test } from 'vitest';
import { fleetPage } from './fleet-page.js';

const paint = picocolors.createColors(false);
const frame = { url: 'http://x', now: 61_000, columns: 120, rows: 40, paint };
const pool = {
  ...{ profile: 'default', warm: 2, max: 4, workers: { idle: 1, busy: 1 }, waiting: 7, delayed: 0, running: 1 },
  halts: [{ kind: 'paused', reason: 'lunch' }],
} as unknown as Pool;
const job = (id: string): Job =>
  ({
    ...{ id, profile: 'default', worker: 'w-1', attempt: 2, turns: 3, costUsd: 0.25, labels: { team: 'a\u001b[2J' } },
    times: { queuedAt: '', startedAt: new Date(1_000).toISOString() },
  }) as unknown as Job;

test('a page has pools with what keeps them, and each running job with how long and how dear', () => {
  const page = fleetPage({ pools: [pool], workers: [{} as Worker, {} as Worker], jobs: [job('j-1')] }, frame);
  expect(page).toContain('remuda · http://x · 2 workers · 1 jobs running · 7 waiting');
  expect(page).toContain('default: paused: lunch');
  expect(page).toMatch(/^j-1 +default +w-1 +2 +1 min 0 s +3 +\$0\.2500 +team=a$/m);
});

test('what does not fit the terminal is counted', () => {
  const jobs = Array.from({ length: 30 }, (_, i) => job(`j-${String(i)}`));
  const lines = fleetPage({ pools: [pool], workers: [], jobs }, { ...frame, rows: 12, columns: 30 }).split('\n');
  expect(lines).toHaveLength(11);
  expect(lines.at(-1)).toBe('… and 27 more');
  expect(lines.every((line) => line.length <= 30)).toBe(true);
});

test('an idle cluster says so', () =>
  expect(fleetPage({ pools: [], workers: [], jobs: [] }, frame)).toContain('No job is running.'));
