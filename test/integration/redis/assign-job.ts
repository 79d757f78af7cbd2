import { presenceOf } from '@remuda/redis/testing';
import { expect } from 'vitest';
import type { Clock } from '@remuda/domain';
import {
  Leadership,
  RedisLeases,
  RedisJobStore,
  WorkerRegistry,
  type HeldJob,
  type ProfileQueue,
  type Queues,
} from '@remuda/redis';
import { jobSpec } from '@remuda/testing';

/** The worker that gets every job. */
export const worker = 'w-default-1';

/** What it takes to assign a job. */
export interface AssignParts {
  readonly queues: Queues;
  readonly queue: ProfileQueue;
  readonly clock: Clock;
}

/** Submits a job, claims it, and gives it to the worker, who is idle again. */
export async function assignJob({ queues, queue, clock }: AssignParts, id: string, prompt = 'do it'): Promise<HeldJob> {
  const scheduler = 's-0';
  await new Leadership(queues, presenceOf(queues, scheduler)).pools(['default']);
  const registry = new WorkerRegistry(queues, presenceOf(queues, scheduler));
  await registry.register({ id: worker, profile: 'default', fingerprint: 'f', startedAt: 1, afterJobs: 1 });
  await registry.note(worker, { phase: 'idle' });
  const store = new RedisJobStore(queues.connection, queues.keys, clock);
  await store.submit([{ id, spec: jobSpec({ prompt }) }]);
  await store.close();
  const held = (await queue.claim())!;
  expect(held.id).toBe(id);
  const leases = new RedisLeases(queues, clock);
  const { job } = (await leases.read(id))!;
  const claim = { held, scheduler, job, prompt, start: { kind: 'warm' }, models: [], grant: `g-${id}` } as const;
  expect(await leases.assign(claim, worker)).toMatchObject({ kind: 'assigned', lease: 1, attempt: 1 });
  return held;
}
