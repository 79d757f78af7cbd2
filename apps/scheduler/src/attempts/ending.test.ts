import { describe, expect, test } from 'vitest';
import { jobSpec } from '@remuda/testing';
import { noUsage, type JobRecord } from '@remuda/domain';
import { endingOf, endingOfFailure } from './ending.js';
import { startOf } from '../dispatch/start-kind.js';

const job: JobRecord = {
  tenant: 'default',
  id: 'j-1',
  spec: jobSpec(),
  state: 'running',
  attempt: 1,
  failures: 0,
  requeues: 0,
  lease: 1,
  times: { queuedAt: 1_000 },
};
const result = { text: 'x', turns: 1, usage: noUsage, costUsd: 1 };
const crash = { kind: 'failed', failure: { code: 'engine.crashed', message: 'x' } } as const;

describe('how an attempt ends', () => {
  test('a success is the end', () => {
    expect(endingOf(job, { kind: 'succeeded', result }, 0)).toEqual({ state: 'succeeded', result });
  });

  test('a crash goes back to the queue for a while', () => {
    const ending = endingOf(job, crash, 5_000);
    expect(ending).toMatchObject({ state: 'queued', usage: 'failures' });
    expect('wakeAt' in ending && ending.wakeAt).toBeGreaterThanOrEqual(6_000);
  });

  test('a job whose client wanted its end is not tried again', () => {
    expect(endingOf({ ...job, cancelRequestedAt: 1 }, crash, 0)).toMatchObject({ state: 'cancelled' });
  });

  test('a success that came before the cancel is a success', () => {
    const ending = endingOf({ ...job, cancelRequestedAt: 1 }, { kind: 'succeeded', result }, 0);
    expect(ending).toMatchObject({ state: 'succeeded' });
  });

  test('a final failure keeps its partial result', () => {
    const failure = { code: 'turns.exhausted', message: 'x' } as const;
    expect(endingOfFailure(job, failure, 0, result)).toEqual({ state: 'failed', failure, result });
  });
});

describe('how a start is called', () => {
  const profile = { permissionMode: 'bypassPermissions', trustRepository: false } as const;
  const start = (of: Parameters<typeof startOf>[0], readyAt: number) => startOf(of, { readyAt, profile });

  test('warm, when the worker was ready before the job came', () => {
    expect(start(job, 900)).toEqual({ kind: 'warm' });
  });

  test('cold, with the reason', () => {
    expect(start(job, 1_100)).toEqual({ kind: 'cold', reason: 'no_warm_worker' });
    expect(start({ ...job, spec: jobSpec({ outputSchema: {} }) }, 0).reason).toBe('own_schema');
    expect(start({ ...job, spec: jobSpec({ appendSystemPrompt: 'x' }) }, 0).reason).toBe('own_system_prompt');
    expect(start({ ...job, spec: jobSpec({ permissionMode: 'plan' }) }, 0).reason).toBe('own_permission_mode');
    const git = { ...job, spec: jobSpec({ workspace: { kind: 'git', url: 'https://example.com/r.git' } }) };
    expect(start(git, 0)).toEqual({ kind: 'warm' });
    const trusting = { ...profile, trustRepository: true };
    expect(startOf(git, { readyAt: 0, profile: trusting })).toEqual({ kind: 'cold', reason: 'trusted_repository' });
  });

  test('resumed, whatever its needs', () => {
    const again = { kind: 'resume', snapshot: { sessionId: 's', at: 0, sessionBytes: 0, lease: 1, bytes: 0 } } as const;
    const planned = { ...job, spec: jobSpec({ permissionMode: 'plan' }) };
    expect(startOf(planned, { readyAt: 0, profile }, again)).toEqual({ kind: 'resumed' });
  });

  test('a delayed job counts from its time, not from its submission', () => {
    expect(start({ ...job, spec: jobSpec({ runAt: 2_000 }) }, 1_900)).toEqual({ kind: 'warm' });
  });

  test('a further attempt counts from when its job was queued again, or is to wake', () => {
    const again = { ...job, times: { ...job.times, requeuedAt: 2_000 } };
    expect(start(again, 1_900)).toEqual({ kind: 'warm' });
    expect(start(again, 2_100).kind).toBe('cold');
    expect(start({ ...again, wakeAt: 3_000 }, 2_100)).toEqual({ kind: 'warm' });
  });
});
