import { describe, expect, test } from 'vitest';
import { jobSpec } from '@remuda/testing';
import type { Clock, JobRecord, LeaseStore } from '@remuda/domain';
import type { ProfileQueue } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { HaltWatch } from '../pools/halt-watch.js';
import { Holdings, type Holding } from './holdings.js';
import type { Places } from './places.js';
import type { SchedulerMetrics } from '../metrics.js';
import { outsideGraceMs } from './overdue.js';

const holding = (id: string, deadline: number): Holding => ({
  held: { id, lock: 'l', placedAt: 0 },
  job: {
    tenant: 'default',
    ...{ id, spec: jobSpec({ timeoutMs: 60_000 }), state: 'running', attempt: 1, failures: 0, requeues: 0, lease: 1 },
    times: { queuedAt: 0 },
  } satisfies JobRecord,
  worker: `w-${id}`,
  lease: 1,
  deadline,
});

/** Holdings whose store knows these cancels, and how often it was asked. */
function make(cancels: string[] = []) {
  const asked = { times: 0 };
  const leases = {
    cancelled: async () => {
      asked.times++;
      return cancels;
    },
  } as unknown as LeaseStore;
  const unused = {} as unknown;
  const holdings = new Holdings(
    leases,
    () => unused as ProfileQueue,
    unused as Places,
    unused as HaltWatch,
    unused as Clock,
    unused as SchedulerMetrics,
    unused as Logger,
  );
  return { holdings, asked };
}

describe('attempts that should have ended', () => {
  test('are found by one read, however many are held', async () => {
    const { holdings, asked } = make();
    for (let i = 0; i < 100; i++) holdings.hold(holding(`j-${i}`, 1_000_000));
    expect(await holdings.overdue(50_000)).toEqual([]);
    expect(asked.times).toBe(1);
  });

  test('cost nothing where nothing is held', async () => {
    const { holdings, asked } = make(['j-1']);
    expect(await holdings.overdue(50_000)).toEqual([]);
    expect(asked.times).toBe(0);
  });

  test('are those past their deadline and those whose cancel is not heeded, once their worker has had its time', async () => {
    const cancels: string[] = ['j-of-another'];
    const { holdings } = make(cancels);
    holdings.hold(holding('j-late', 100_000));
    holdings.hold(holding('j-cancelled', 1_000_000));
    holdings.hold(holding('j-in-time', 1_000_000));
    expect(await holdings.overdue(90_000)).toEqual([]);
    cancels.push('j-cancelled');
    expect(await holdings.overdue(100_000)).toEqual([]);
    expect(await holdings.overdue(100_000 + outsideGraceMs - 1)).toEqual([]);
    expect(await holdings.overdue(100_000 + outsideGraceMs + 1)).toMatchObject([
      { worker: 'w-j-late', failure: { code: 'job.timed_out' } },
      { worker: 'w-j-cancelled', failure: { code: 'job.cancelled' } },
    ]);
  });
});
