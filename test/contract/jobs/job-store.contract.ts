import type { EventLog, JobEvent, JobRecord, JobResult, JobStore } from '@remuda/domain';
import { noUsage } from '@remuda/domain';
import { jobSpec, jobRef } from '@remuda/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** A store of jobs with their events, and somebody who carries jobs out. */
export interface JobsHarness {
  readonly store: JobStore;
  readonly log: EventLog;
  /** Gives the first job that waits for the profile to a worker. */
  take(profile: string): Promise<string | undefined>;
  /** The job that was taken succeeds. */
  finish(id: string, result: JobResult): Promise<void>;
  /** Forgets a job's events up to this id, as a long stream's are. */
  trim(id: string, upTo: number): Promise<void>;
  close(): Promise<void>;
}

const result: JobResult = { text: 'done', turns: 1, usage: noUsage, costUsd: 0.5 };
const never = new AbortController().signal;

/** What every keeper of the JobStore port promises, and of the EventLog port beside it. */
export function jobStoreContract(name: string, make: () => Promise<JobsHarness>): void {
  describe(`${name}, as a store of jobs`, () => {
    let harness: JobsHarness;
    let store: JobStore;
    beforeEach(async () => {
      harness = await make();
      ({ store } = harness);
    });
    afterEach(() => harness.close());

    const submit = async (id: string, own: Parameters<typeof jobSpec>[0] = {}): Promise<void> => {
      await store.submit([{ id, spec: jobSpec(own) }]);
    };
    const found = async (id: string): Promise<JobRecord> => (await store.find(jobRef(id)))!;

    test('what was submitted is found, queued and without its prompt', async () => {
      await submit('j-1', { prompt: 'secret words', labels: { team: 'a' } });
      const job = await found('j-1');
      expect(job).toMatchObject({ id: 'j-1', state: 'queued', attempt: 0, lease: 0, spec: { labels: { team: 'a' } } });
      expect(JSON.stringify(job)).not.toContain('secret words');
      expect(await store.find(jobRef('j-2'))).toBeUndefined();
    });

    test('a key takes the same body in once, and another body is a conflict', async () => {
      const send = (ids: readonly string[], fingerprint: string) =>
        store.submit(
          ids.map((id) => ({ id, spec: jobSpec() })),
          { key: 'k', fingerprint },
        );
      expect(await send(['j-1', 'j-2'], 'f')).toEqual({ ids: ['j-1', 'j-2'], repeated: false });
      expect(await send(['j-3', 'j-4'], 'f')).toEqual({ ids: ['j-1', 'j-2'], repeated: true });
      await expect(send(['j-5'], 'g')).rejects.toMatchObject({ code: 'idempotency.conflict' });
      expect(await store.find(jobRef('j-3'))).toBeUndefined();
      expect(await store.find(jobRef('j-5'))).toBeUndefined();
    });

    test("a job is its tenant's: to another one it does not exist", async () => {
      await store.submit([{ id: 'j-1', tenant: 'acme', session: 's-1', spec: jobSpec() }]);
      const [own, other] = [jobRef('j-1', 'acme'), jobRef('j-1', 'other')];
      expect(await store.find(own)).toMatchObject({ tenant: 'acme', session: 's-1', state: 'queued' });
      expect(await store.find(other)).toBeUndefined();
      expect(await store.find(jobRef('j-1'))).toBeUndefined();
      expect(await store.cancel(other, 'no')).toEqual({ kind: 'unknown' });
      await harness.take('default');
      await submit('j-2');
      await harness.finish('j-1', result);
      expect(await store.result(other)).toBeUndefined();
      expect(await store.result(own)).toMatchObject({ text: 'done' });
      expect(await store.prompt(other)).toBeUndefined();
      expect(await store.prompt(own)).toBe(jobSpec().prompt);
      const listed = async (tenant?: string) => {
        const { jobs } = await store.list({ limit: 10, ...(tenant === undefined ? {} : { tenant }) });
        return jobs.map(({ id }) => id);
      };
      expect(await listed('acme')).toEqual(['j-1']);
      expect(await listed('default')).toEqual(['j-2']);
      expect(await listed()).toEqual(['j-2', 'j-1']);
    });

    test("an idempotency key is its tenant's", async () => {
      const send = (id: string, tenant: string) =>
        store.submit([{ id, tenant, spec: jobSpec() }], { tenant, key: 'k', fingerprint: 'f' });
      expect(await send('j-1', 'acme')).toEqual({ ids: ['j-1'], repeated: false });
      expect(await send('j-2', 'other')).toEqual({ ids: ['j-2'], repeated: false });
      expect(await send('j-3', 'acme')).toEqual({ ids: ['j-1'], repeated: true });
    });

    test('jobs are given out by priority, and among equals in the order of their submission', async () => {
      await submit('j-1');
      await submit('j-2', { priority: 9 });
      await submit('j-3', { priority: 1 });
      await submit('j-4');
      await submit('j-5', { profile: 'other', priority: 1 });
      const places = await Promise.all(
        ['j-3', 'j-1', 'j-4', 'j-2', 'j-5'].map(async (id) => store.position(await found(id))),
      );
      expect(places).toEqual([1, 2, 3, 4, 1]);
      const taken = [await harness.take('default'), await harness.take('default')];
      expect(taken).toEqual(['j-3', 'j-1']);
      expect(await store.position(await found('j-3'))).toBeUndefined();
      expect(await store.position(await found('j-4'))).toBe(1);
    });

    test('one that was taken names its worker, attempt and lease, and has its result once it succeeded', async () => {
      await submit('j-1');
      await harness.take('default');
      expect(await found('j-1')).toMatchObject({ state: 'assigned', attempt: 1, lease: 1, worker: 'w-default-1' });
      expect(await store.result(jobRef('j-1'))).toBeUndefined();
      await harness.finish('j-1', result);
      expect(await found('j-1')).toMatchObject({ state: 'succeeded', costUsd: 0.5, turns: 1 });
      expect(await store.result(jobRef('j-1'))).toMatchObject({ text: 'done' });
    });

    test('a cancel ends what waits, asks for the end of what runs, and does nothing to what is over', async () => {
      expect(await store.cancel(jobRef('j-0'), 'enough')).toEqual({ kind: 'unknown' });
      await submit('j-1');
      expect(await store.cancel(jobRef('j-1'), 'enough')).toEqual({ kind: 'cancelled' });
      expect(await found('j-1')).toMatchObject({ state: 'cancelled', failure: { code: 'job.cancelled' } });
      expect(await harness.take('default')).toBeUndefined();
      expect(await store.cancel(jobRef('j-1'), 'enough')).toEqual({ kind: 'over', state: 'cancelled' });
      await submit('j-2');
      await harness.take('default');
      expect(await store.cancel(jobRef('j-2'), 'enough')).toEqual({ kind: 'requested' });
      expect(await store.cancel(jobRef('j-2'), 'enough')).toEqual({ kind: 'requested' });
      const job = await found('j-2');
      expect(job.state).toBe('assigned');
      expect(job.cancelRequestedAt).toBeGreaterThan(0);
    });

    test('a list has each job once, page by page, the newest first, and only those that were asked for', async () => {
      for (let i = 1; i <= 5; i++) await submit(`j-${String(i)}`, { labels: { odd: String(i % 2) } });
      const label = { key: 'odd', value: '1' };
      const pages: string[][] = [];
      for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
        const page = await store.list({ limit: 2, label, ...(cursor === undefined ? {} : { cursor }) });
        pages.push(page.jobs.map(({ id }) => id));
        cursor = page.nextCursor;
      }
      expect(pages.flat()).toEqual(['j-5', 'j-3', 'j-1']);
      expect(pages[0]).toHaveLength(2);
      await store.cancel(jobRef('j-3'), 'enough');
      const cancelled = await store.list({ limit: 10, state: 'cancelled' });
      expect(cancelled.jobs.map(({ id }) => id)).toEqual(['j-3']);
      expect((await store.list({ limit: 10, profile: 'other' })).jobs).toEqual([]);
      await expect(store.list({ limit: 1, cursor: 'nonsense' })).rejects.toMatchObject({ code: 'cursor.invalid' });
    });
  });

  eventLogContract(name, make);
}

function eventLogContract(name: string, make: () => Promise<JobsHarness>): void {
  describe(`${name}, as an event log`, () => {
    let harness: JobsHarness;
    let log: EventLog;
    beforeEach(async () => {
      harness = await make();
      ({ log } = harness);
      await harness.store.submit([{ id: 'j-1', spec: jobSpec() }]);
    });
    afterEach(() => harness.close());

    /** All events that a follower of the job comes to see until it ends. */
    const followed = async (after: number, signal = never): Promise<readonly JobEvent[]> => {
      const events: JobEvent[] = [];
      for await (const batch of log.follow(jobRef('j-1'), after, signal)) events.push(...batch);
      return events;
    };
    const types = (events: readonly JobEvent[]) => events.map(({ id, type }) => [id, type]);
    const way = [
      [1, 'job.queued'],
      [2, 'job.assigned'],
      [3, 'job.over'],
    ];

    test('a page has the events behind a number, and says whether the stream has ended', async () => {
      expect(await log.page(jobRef('j-1'), 0, 10)).toMatchObject({ events: [{ id: 1, attempt: 0 }], complete: false });
      expect(await log.page(jobRef('j-1'), 1, 10)).toEqual({ events: [], complete: false });
      await harness.take('default');
      await harness.finish('j-1', result);
      const page = await log.page(jobRef('j-1'), 1, 10);
      expect(types(page.events)).toEqual(way.slice(1));
      expect(page.complete).toBe(true);
      expect((await log.page(jobRef('j-1'), 0, 1)).complete).toBe(false);
      expect(await log.page(jobRef('j-1'), 3, 10)).toEqual({ events: [], complete: true });
    });

    test('of a job that there is not the stream is empty, and has ended', async () => {
      expect(await log.page(jobRef('j-9'), 0, 10)).toEqual({ events: [], complete: true });
    });

    test('followers come to see what is there and what is still to come, each event once, and end with the job', async () => {
      const [all, rest] = [followed(0), followed(1)];
      await harness.take('default');
      await harness.finish('j-1', result);
      expect(types(await all)).toEqual(way);
      expect(types(await rest)).toEqual(way.slice(1));
      expect(types(await followed(0))).toEqual(way);
    });

    test('events that were trimmed are declared, to pages and to followers', async () => {
      await harness.take('default');
      await harness.finish('j-1', result);
      await harness.trim('j-1', 2);
      const { events } = await log.page(jobRef('j-1'), 0, 10);
      expect(events).toMatchObject([{ type: 'stream.gap', data: { firstHeld: 3, missed: 2 } }, { id: 3 }]);
      expect(types(await followed(0))).toEqual([
        [2, 'stream.gap'],
        [3, 'job.over'],
      ]);
      expect(types(await followed(2))).toEqual([[3, 'job.over']]);
    });

    test("the events of a job are its tenant's", async () => {
      await harness.store.submit([{ id: 'j-2', tenant: 'acme', spec: jobSpec() }]);
      expect((await log.page(jobRef('j-2', 'acme'), 0, 10)).events).toHaveLength(1);
      expect(await log.page(jobRef('j-2'), 0, 10)).toEqual({ events: [], complete: true });
      for await (const events of log.follow(jobRef('j-2'), 0, never)) expect(events).toEqual([]);
    });

    test('a follower ends when its signal aborts', async () => {
      const abort = new AbortController();
      const seen = followed(0, abort.signal);
      abort.abort();
      expect((await seen).length).toBeLessThanOrEqual(1);
    });
  });
}
