import type { Claim, JobStore, LeaseStore } from '@remuda/domain';
import { noUsage } from '@remuda/domain';
import { jobSpec, jobRef } from '@remuda/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** The leases of the jobs of one profile, `default`, with one idle worker that belongs to the scheduler `s-0`. */
export interface LeaseHarness {
  readonly leases: LeaseStore;
  readonly store: JobStore;
  readonly worker: string;
  /** Takes the first job that waits from its queue, for `s-0`. */
  claim(): Promise<Claim>;
  /** Puts a claimed job back into its queue, where its record says that it waits. */
  giveBack(claim: Claim): Promise<void>;
  /** The worker has nothing to do any more. */
  idle(): Promise<void>;
  cordon(): Promise<unknown>;
  /** The jobs of the profile may not start. */
  halt(): Promise<unknown>;
  /** The bridge saw that the job's usage limit ends then. */
  limit(job: string, resetAt: number): Promise<unknown>;
  close(): Promise<void>;
}

const done = { state: 'succeeded', result: { text: 'done', turns: 1, usage: noUsage, costUsd: 0.5 } } as const;
const lost = { code: 'worker.lost', message: 'gone' } as const;

/** What every keeper of the LeaseStore port promises. */
export function leaseStoreContract(name: string, make: () => Promise<LeaseHarness>): void {
  describe(`${name}, as a store of leases`, () => {
    let harness: LeaseHarness;
    let leases: LeaseStore;
    beforeEach(async () => {
      harness = await make();
      ({ leases } = harness);
      await harness.store.submit([{ id: 'j-1', spec: jobSpec({ prompt: 'do it' }) }]);
    });
    afterEach(() => harness.close());

    const record = async () => (await harness.store.find(jobRef('j-1')))!;
    const assigned = async (): Promise<Claim> => {
      const claim = await harness.claim();
      expect(await leases.assign(claim, harness.worker)).toMatchObject({ kind: 'assigned' });
      return claim;
    };
    const held = (lease = 1) => ({ job: 'j-1', worker: harness.worker, lease });

    test('an idle worker gets the job, with its first lease and attempt', async () => {
      const claim = await harness.claim();
      expect(await leases.assign(claim, harness.worker)).toMatchObject({ kind: 'assigned', lease: 1, attempt: 1 });
      expect(await record()).toMatchObject({ state: 'assigned', worker: harness.worker, lease: 1, attempt: 1 });
      expect((await leases.read('j-1'))?.prompt).toBe('do it');
      expect(await leases.lockOf('j-1')).toBe(claim.held.lock);
      expect(await leases.read('j-2')).toBeUndefined();
    });

    test('the same claim assigned twice is one assignment, another one comes too late', async () => {
      const claim = await assigned();
      expect(await leases.assign(claim, harness.worker)).toMatchObject({ kind: 'assigned', lease: 1, attempt: 1 });
      const other = { ...claim, held: { lock: 'other' } };
      expect(await leases.assign(other, harness.worker)).toEqual({ kind: 'state', state: 'assigned' });
      await leases.adoptLock('j-1', 'other');
      expect(await leases.assign(other, harness.worker)).toMatchObject({ kind: 'assigned', lease: 1 });
    });

    test.each([
      ['that is busy', 'worker', () => assigned()],
      ['that takes no jobs', 'cordoned', () => harness.cordon()],
      ['while the profile is halted', 'halted', () => harness.halt()],
    ])('a worker %s gets no job', async (_, kind, before) => {
      await harness.store.submit([{ id: 'j-2', spec: jobSpec() }]);
      await before();
      expect(await leases.assign(await harness.claim(), harness.worker)).toEqual({ kind });
      expect(await harness.store.find(jobRef('j-2'))).toMatchObject({ state: 'queued', lease: 0 });
    });

    test('a worker that waits for a session gets its next turn, and no other job', async () => {
      await harness.store.cancel(jobRef('j-1'), 'no');
      const turn = { session: 's-1', spec: jobSpec({ holdMs: 1_000 }) };
      const other = { session: 's-2', spec: jobSpec() };
      await harness.store.submit([
        { id: 'j-2', ...turn },
        { id: 'j-3', ...other },
        { id: 'j-4', ...turn },
        { id: 'j-5', spec: jobSpec() },
      ]);
      expect(await leases.assign(await harness.claim(), harness.worker)).toMatchObject({ kind: 'assigned' });
      await leases.settle({ job: 'j-2', worker: harness.worker, lease: 1 }, done);
      expect(await leases.assign(await harness.claim(), harness.worker)).toEqual({ kind: 'worker' });
      await harness.store.cancel(jobRef('j-3'), 'no');
      expect(await leases.assign(await harness.claim(), harness.worker)).toMatchObject({ kind: 'assigned', lease: 1 });
      expect(await harness.store.find(jobRef('j-4'))).toMatchObject({ state: 'assigned', worker: harness.worker });
      expect(await leases.assign(await harness.claim(), harness.worker)).toEqual({ kind: 'worker' });
    });

    test("another scheduler's worker gets no job, nor does anybody get one that was cancelled", async () => {
      const claim = await harness.claim();
      expect(await leases.assign({ ...claim, scheduler: 's-1' }, harness.worker)).toEqual({ kind: 'elsewhere' });
      await harness.store.cancel(jobRef('j-1'), 'no');
      expect(await leases.assign(claim, harness.worker)).toEqual({ kind: 'state', state: 'cancelled' });
    });

    test('the holder of the lease ends the job, once', async () => {
      await assigned();
      expect(await leases.settle(held(), done)).toMatchObject({ kind: 'settled' });
      expect(await record()).toMatchObject({ state: 'succeeded', costUsd: 0.5 });
      expect(await harness.store.result(jobRef('j-1'))).toMatchObject({ text: 'done' });
      expect(await leases.settle(held(), { state: 'failed', failure: lost })).toEqual({ kind: 'fenced' });
      expect(await record()).toMatchObject({ state: 'succeeded' });
    });

    test('a job that was queued again has a lease of its own, and the earlier one is fenced', async () => {
      const claim = await assigned();
      const ending = { state: 'queued', failure: lost, usage: 'requeues', wakeAt: 0 } as const;
      expect(await leases.settle(held(), ending)).toMatchObject({ kind: 'settled' });
      const { worker, ...waiting } = await record();
      expect(worker).toBeUndefined();
      expect(waiting).toMatchObject({ state: 'queued', requeues: 1, failures: 0, retried: { 'worker.lost': 1 } });
      await harness.giveBack(claim);
      await harness.idle();
      const again = await leases.assign(await harness.claim(), harness.worker);
      expect(again).toMatchObject({ kind: 'assigned', lease: 2, attempt: 2 });
      expect(await leases.settle(held(1), done)).toEqual({ kind: 'fenced' });
      expect(await leases.settle(held(2), done)).toMatchObject({ kind: 'settled' });
    });

    test('a job whose cancel was requested is not queued again', async () => {
      await assigned();
      await harness.store.cancel(jobRef('j-1'), 'no');
      expect(await leases.cancelled()).toEqual(['j-1']);
      expect(await leases.settle(held(), { state: 'queued', failure: lost })).toEqual({ kind: 'cancelled' });
      expect(await leases.settle(held(), { state: 'cancelled' })).toMatchObject({ kind: 'settled' });
      expect(await leases.cancelled()).toEqual([]);
    });

    test('the cursor of the relay moves with the end, or neither does', async () => {
      await assigned();
      const settle = (before: string, after: string) => leases.settle(held(), done, { before, after });
      expect(await settle('5-0', '6-0')).toEqual({ kind: 'elsewhere' });
      expect((await record()).state).toBe('assigned');
      expect(await settle('0-0', '7-0')).toMatchObject({ kind: 'settled' });
      expect(await settle('0-0', '7-0')).toEqual({ kind: 'fenced' });
    });

    test('a job that nobody has can be failed, another one can not', async () => {
      const failure = { code: 'job.expired', message: 'too late' } as const;
      expect(await leases.failQueued('j-1', failure)).toBe(true);
      expect(await record()).toMatchObject({ state: 'failed', failure });
      expect(await leases.failQueued('j-1', failure)).toBe(false);
      await harness.store.submit([{ id: 'j-2', spec: jobSpec() }]);
      await leases.assign(await harness.claim(), harness.worker);
      expect(await leases.failQueued('j-2', failure)).toBe(false);
    });

    test('it is known when the usage limit ends, where the attempt met one, and what was said last', async () => {
      await assigned();
      expect(await leases.limitResetAt('j-1')).toBeUndefined();
      await harness.limit('j-1', 5_000);
      expect(await leases.limitResetAt('j-1')).toBe(5_000);
      expect(await leases.lastText({ id: 'j-1', attempt: 1 })).toBe('');
    });
  });
}
