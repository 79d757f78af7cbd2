import type {
  ArchivedJob,
  ArchiveQuery,
  AuditArchive,
  AuditEntry,
  AuditQuery,
  AuditRecord,
  JobArchive,
  JobRecord,
} from '@remuda/domain';
import { jobRef } from '@remuda/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { auditEntry, showAuditQueries } from '../identity/audit-queries.js';
import { archivedJob, batch } from './archived-job.js';

/** An archive, and the audit log beside it. */
export interface ArchiveHarness {
  readonly archive: JobArchive;
  readonly audit: AuditArchive;
  close(): Promise<void>;
}

const day = 86_400_000;
const noon = (date: string): number => Date.parse(`${date}T12:00:00Z`);

/** What every keeper of the JobArchive port promises, and of the AuditArchive port beside it. */
export function archiveContract(name: string, make: () => Promise<ArchiveHarness>): void {
  describe(`${name}, as an archive of jobs`, () => {
    let harness: ArchiveHarness;
    let archive: JobArchive;
    let tenant: string;
    let tests = 0;
    beforeAll(async () => {
      harness = await make();
      ({ archive } = harness);
    });
    afterAll(() => harness.close());
    // one database for all, and a tenant for each: none sees the others' jobs
    beforeEach(() => (tenant = `t-${++tests}`));

    const keep = (...jobs: readonly ArchivedJob[]): Promise<void> => archive.keep(jobs);
    const job = (id: string, own: Parameters<typeof archivedJob>[1] = {}): ArchivedJob =>
      archivedJob(id, { tenant, ...own });
    const listed = async (query: Partial<ArchiveQuery> = {}): Promise<readonly string[]> =>
      (await archive.list({ tenant, limit: 50, ...query })).map(({ id }) => id);

    test('what was kept is found as it was', async () => {
      const kept = job('j-1', { spec: { labels: { team: 'a' }, metadata: { deep: [1, { x: null }] } } });
      await keep(kept);
      expect(await archive.find(jobRef('j-1', tenant))).toEqual(kept.job);
      expect(await archive.result(jobRef('j-1', tenant))).toEqual(kept.result);
      expect(await archive.attempts(jobRef('j-1', tenant))).toEqual(kept.attempts);
      expect(await archive.prompt(jobRef('j-1', tenant))).toEqual(kept.prompt);
    });

    test('ends that it does not have are named, also of a job that has ended once more', async () => {
      await keep(job('j-1', { overAt: 5 }), job('j-2', { overAt: 7 }));
      const ends = [
        { tenant, id: 'j-2', overAt: 7 },
        { tenant, id: 'j-1', overAt: 6 },
        { tenant: 'another', id: 'j-2', overAt: 7 },
        { tenant, id: 'j-3', overAt: 5 },
      ];
      expect(await archive.missing(ends)).toEqual(ends.slice(1));
      expect(await archive.missing([])).toEqual([]);
    });

    test("a job is its tenant's: to another one it does not exist", async () => {
      await keep(job('j-1'));
      const other = jobRef('j-1', 'another');
      expect(await archive.find(other)).toBeUndefined();
      expect(await archive.result(other)).toBeUndefined();
      expect(await archive.attempts(other)).toEqual([]);
      expect(await archive.prompt(other)).toBeUndefined();
      expect(await archive.events(other, 0, 10)).toEqual({ events: [], complete: true });
      expect(await archive.list({ tenant: 'another', limit: 10 })).toEqual([]);
    });

    test('kept twice it is there once, as it was last', async () => {
      const own = { events: [batch(1, ['a', 'b']), batch(3, ['c'])] };
      await keep(job('j-1', { ...own, state: 'failed' }));
      await keep(job('j-1', own), job('j-1', { ...own, text: 'the last word' }));
      expect(await listed()).toEqual(['j-1']);
      expect(await archive.find(jobRef('j-1', tenant))).toMatchObject({ state: 'succeeded' });
      expect(await archive.result(jobRef('j-1', tenant))).toMatchObject({ text: 'the last word' });
      expect((await archive.events(jobRef('j-1', tenant), 0, 10)).events.map(({ id }) => id)).toEqual([1, 2, 3]);
    });

    test('events that are told again otherwise are replaced, and earlier ones stay', async () => {
      await keep(job('j-1', { events: [batch(1, ['a']), batch(2, ['b', 'c'])] }));
      await keep(job('j-1', { events: [batch(2, ['B'])] }));
      const { events } = await archive.events(jobRef('j-1', tenant), 0, 10);
      expect(events.map(({ id, data }) => [id, data])).toEqual([
        [1, { text: 'a' }],
        [2, { text: 'B' }],
      ]);
    });

    test('events come page by page, and those that are missing are declared', async () => {
      await keep(job('j-1', { events: [batch(4, ['d', 'e']), batch(6, ['f']), batch(7, ['g'])] }));
      const page = await archive.events(jobRef('j-1', tenant), 0, 2);
      expect(page.events.map(({ id, type }) => [id, type])).toEqual([
        [3, 'stream.gap'],
        [4, 'message.text'],
        [5, 'message.text'],
        [6, 'message.text'],
      ]);
      expect(page.complete).toBe(false);
      const rest = await archive.events(jobRef('j-1', tenant), 5, 2);
      expect(rest).toMatchObject({ events: [{ id: 6 }, { id: 7 }], complete: true });
      expect(await archive.events(jobRef('j-1', tenant), 7, 2)).toEqual({ events: [], complete: true });
    });

    test('a list is by time of submission, then by id byte for byte, and continues below a place', async () => {
      await keep(job('j-b', { queuedAt: 5 }), job('j-a', { queuedAt: 5 }), job('j-1', { queuedAt: 5 }));
      await keep(job('j-new', { queuedAt: 9 }), job('j-old', { queuedAt: 1 }));
      expect(await listed()).toEqual(['j-new', 'j-b', 'j-a', 'j-1', 'j-old']);
      expect(await listed({ limit: 2 })).toEqual(['j-new', 'j-b']);
      expect(await listed({ below: { at: 5, id: 'j-b' } })).toEqual(['j-a', 'j-1', 'j-old']);
    });

    test('filters are combined', async () => {
      const search = { spec: { profile: 'p', labels: { team: 'search', tier: 'x' } } };
      await keep(
        job('j-1', { ...search, queuedAt: 1 }),
        job('j-2', { ...search, queuedAt: 2, state: 'failed' }),
        job('j-3', { spec: { labels: { team: 'search' } }, queuedAt: 3, state: 'failed' }),
        job('j-4', { queuedAt: 4, state: 'failed' }),
      );
      const label = { key: 'team', value: 'search' };
      expect(await listed({ state: 'failed' })).toEqual(['j-4', 'j-3', 'j-2']);
      expect(await listed({ label })).toEqual(['j-3', 'j-2', 'j-1']);
      expect(await listed({ label, state: 'failed' })).toEqual(['j-3', 'j-2']);
      expect(await listed({ label, state: 'failed', profile: 'p' })).toEqual(['j-2']);
      expect(await listed({ label: { key: 'team', value: 'sea' } })).toEqual([]);
    });

    test('a page of two filters goes on where it ended, and follows a job whose state has changed', async () => {
      const own = (queuedAt: number) => ({ queuedAt, spec: { labels: { team: 'search' } } });
      await keep(
        job('j-1', { ...own(1), state: 'failed' }),
        job('j-2', own(2)),
        job('j-3', own(3)),
        job('j-4', own(3)),
      );
      const label = { key: 'team', value: 'search' };
      const query = { label, state: 'succeeded' } as const;
      expect(await listed({ ...query, limit: 2 })).toEqual(['j-4', 'j-3']);
      expect(await listed({ ...query, below: { at: 3, id: 'j-3' } })).toEqual(['j-2']);
      await keep(job('j-1', own(1)));
      expect(await listed(query)).toEqual(['j-4', 'j-3', 'j-2', 'j-1']);
      expect(await listed({ label, state: 'failed' })).toEqual([]);
      expect(await listed({ ...query, words: 'hello', limit: 1 })).toEqual(['j-4']);
      await archive.forget({ jobMs: { succeeded: 0 }, contentMs: {} }, noon('2026-11-30'));
      expect(await listed({ label })).toEqual([]);
    });

    test('words of the prompt and of the result find a job', async () => {
      await keep(
        job('j-1', { spec: { prompt: 'Refactor the parser of invoices' }, text: 'I renamed two functions.' }),
        job('j-2', {
          spec: { prompt: 'Write a haiku about horses' },
          text: 'hooves on morning frost',
          queuedAt: 2_000,
        }),
      );
      expect(await listed({ words: 'INVOICES' })).toEqual(['j-1']);
      expect(await listed({ words: 'frost haiku' })).toEqual(['j-2']);
      expect(await listed({ words: '"the parser"' })).toEqual(['j-1']);
      expect(await listed({ words: 'parser or frost' })).toEqual(['j-2', 'j-1']);
      expect(await listed({ words: 'frost -haiku' })).toEqual([]);
      expect(await listed({ words: "' & | ( :* \u0000" })).toEqual([]);
    });

    test('texts that PostgreSQL cannot hold as they are come back as they were', async () => {
      const odd = 'nul \u0000, half \ud800, quote \' " \\ {a,b} NULL';
      const kept = job('j-1', { spec: { prompt: odd, labels: { odd }, metadata: { odd } }, text: odd });
      await keep({ ...kept, events: [batch(1, [odd])] });
      expect(await archive.find(jobRef('j-1', tenant))).toEqual(kept.job);
      expect(await archive.result(jobRef('j-1', tenant))).toEqual(kept.result);
      expect((await archive.events(jobRef('j-1', tenant), 0, 10)).events[0]?.data).toEqual({ text: odd });
      expect(await listed({ label: { key: 'odd', value: odd } })).toEqual(['j-1']);
    });

    test('a prompt of megabytes is kept, and found by its first words', async () => {
      const prompt = `zebra ${Array.from({ length: 300_000 }, (_, i) => `w${i}`).join(' ')}`;
      await keep(job('j-1', { spec: { prompt } }));
      expect(await listed({ words: 'zebra' })).toEqual(['j-1']);
    });

    test('what was spent adds up by day and by label, also of jobs that are no longer kept', async () => {
      const team = (name: string) => ({ spec: { labels: { team: name } }, costUsd: 0.5 });
      await keep(
        job('j-1', { ...team('a'), overAt: noon('2026-11-28') }),
        job('j-2', { ...team('a'), overAt: noon('2026-11-29') }),
        job('j-3', { ...team('b'), overAt: noon('2026-11-29') }),
        job('j-4', { overAt: noon('2026-11-29'), costUsd: 0.25 }),
      );
      const days = { tenant, from: '2026-11-28', to: '2026-11-29' };
      expect(await archive.usage(days)).toMatchObject([
        { day: '2026-11-28', jobs: 1, costUsd: 0.5 },
        { day: '2026-11-29', jobs: 3, costUsd: 1.25, usage: { inputTokens: 30, cacheWriteTokens: 120 } },
      ]);
      await archive.forget({ jobMs: { succeeded: 0 }, contentMs: {} }, noon('2026-11-30'));
      expect(await listed()).toEqual([]);
      const byTeam = await archive.usage({ ...days, from: '2026-11-29', label: 'team' });
      expect(byTeam.map(({ label, jobs, costUsd }) => [label, jobs, costUsd])).toEqual([
        ['a', 1, 0.5],
        ['b', 1, 0.5],
        [undefined, 1, 0.25],
      ]);
      expect(await archive.usage({ ...days, tenant: 'another' })).toEqual([]);
    });

    test('rules by state remove contents first, and then the record', async () => {
      await keep(
        job('j-1', { overAt: 0 }),
        job('j-2', { overAt: 0, state: 'failed' }),
        job('j-3', { overAt: 2 * day }),
      );
      const rules = { jobMs: { succeeded: 3 * day }, contentMs: { succeeded: day, failed: day } };
      await archive.forget(rules, 2 * day);
      expect(await listed()).toHaveLength(3);
      expect(await archive.result(jobRef('j-1', tenant))).toBeUndefined();
      expect(await archive.attempts(jobRef('j-1', tenant))).toEqual([]);
      expect(await archive.events(jobRef('j-1', tenant), 0, 10)).toEqual({ events: [], complete: true });
      expect(await listed({ words: 'hello' })).toEqual(['j-3']);
      await archive.forget(rules, 4 * day);
      expect((await listed()).toSorted()).toEqual(['j-2', 'j-3']);
    });

    test('who removes their files is told of jobs before their records go, and keeps them by rejecting', async () => {
      await keep(
        job('j-1', { overAt: 0 }),
        job('j-2', { overAt: 0, state: 'failed' }),
        job('j-3', { overAt: 2 * day }),
      );
      const rules = { jobMs: { succeeded: day, failed: day }, contentMs: {} };
      const told: JobRecord[] = [];
      const mine = (jobs: readonly JobRecord[]): readonly JobRecord[] => jobs.filter((one) => one.tenant === tenant);
      const forget = (also: (jobs: readonly JobRecord[]) => Promise<void>) =>
        archive.forget(rules, 2 * day, async (jobs) => {
          told.push(...mine(jobs));
          await also(jobs);
        });
      await expect(forget(() => Promise.reject(new Error('not now')))).rejects.toThrow('not now');
      expect((await listed()).toSorted()).toEqual(['j-1', 'j-2', 'j-3']);
      const there: string[] = [];
      await forget(async (jobs) => {
        for (const { id } of mine(jobs)) if (await archive.find(jobRef(id, tenant))) there.push(id);
      });
      expect(there).toEqual(['j-1', 'j-2']);
      expect(told.map(({ id }) => id)).toEqual(['j-1', 'j-1', 'j-2']);
      expect(await listed()).toEqual(['j-3']);
    });

    describe('the audit log beside it', () => {
      const places = (entries: readonly AuditEntry[]): readonly AuditRecord[] =>
        entries.map((entry, i) => ({ ...entry, at: tests * 1_000 + (i >> 1), id: `00000${i}-${entry.kind}` }));
      const list = (query: AuditQuery): Promise<readonly AuditRecord[]> =>
        // requests of nobody are there from every test
        harness.audit.list({ since: tests * 1_000, until: tests * 1_000 + 999, ...query });

      test('is listed, newest first, by whatever is asked for, in pages', async () => {
        await showAuditQueries(tenant, (entries) => harness.audit.add(places(entries)), list);
      });

      test('has an entry once, as it was first, however often it is added', async () => {
        const odd = auditEntry('odd', { tenant, subject: 'a \u0000', path: '/\ud800' });
        const [first, second] = places([odd, auditEntry('next', { tenant })]);
        if (!first || !second) throw new Error('two are there');
        await harness.audit.add([first]);
        await harness.audit.add([{ ...first, status: 500 }, second]);
        await harness.audit.add([]);
        const kept = { ...first, subject: 'a \ufffd', path: '/\ufffd' };
        expect(await list({ tenant, limit: 9 })).toEqual([second, kept]);
      });

      test('forgets what is due, of one kind', async () => {
        const entries = places(['1', '2', '3', '4'].map((id) => auditEntry(id, { tenant })));
        const [steered] = places([auditEntry('5', { tenant, kind: 'steered' })]);
        if (!steered) throw new Error('one is there');
        await harness.audit.add([...entries, steered]);
        expect(await harness.audit.forget('refused', tests * 1_000 + 1)).toBeGreaterThanOrEqual(2);
        const left = (await list({ tenant, limit: 9 })).map(({ request }) => request);
        expect(left).toEqual(['4', '3', '5']);
      });
    });
  });
}
