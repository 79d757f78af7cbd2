import fc from 'fast-check';
import type {
  Ending,
  JobStore,
  NewSession,
  SessionState,
  SessionStore,
  Snapshot,
  SnapshotIndex,
  TurnLog,
} from '@remuda/domain';
import { emptyResult, noUsage, steerLimits } from '@remuda/domain';
import { jobRef, jobSpec } from '@remuda/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** Sessions with their jobs, and somebody who carries jobs out. */
export interface SessionsHarness {
  readonly sessions: SessionStore;
  readonly turns: TurnLog;
  readonly store: JobStore;
  readonly index: SnapshotIndex;
  /** Gives the first job that waits in the queue to a worker. */
  take(profile: string): Promise<string | undefined>;
  /** Forgets all that there is of a job that is over. */
  forget(id: string): Promise<void>;
  /** Ends the job that was taken. */
  end(id: string, ending: Ending): Promise<void>;
  /** Says what came of the snapshot of a turn that has ended with `keeps`. */
  keep(id: string, lost?: string): Promise<string>;
  close(): Promise<void>;
}

const worker = 'w-default-1';
const succeeded: Ending = { state: 'succeeded', result: { text: '', turns: 1, usage: noUsage, costUsd: 0 } };
const keeps: Ending = { state: 'succeeded', result: emptyResult(), keeps: true };
const failed: Ending = { state: 'failed', failure: { code: 'job.looping', message: '' } };
const snapshot: Snapshot = {
  ...{ sessionId: '00000000-0000-4000-8000-000000000001', at: 5, lease: 1 },
  ...{ copy: '0123456789abcdef', bytes: 10, sessionBytes: 4 },
};
const settings = {
  profile: 'default',
  workspace: { kind: 'empty' },
  idleMs: 0,
  labels: { team: 'a' },
  metadata: {},
} as const;
const ref = { tenant: 'acme', id: 's-1' };
const session = (own: Partial<NewSession> = {}): NewSession => ({
  ...ref,
  settings,
  concurrent: 'queue',
  keepTurns: 1,
  ...own,
});

/** What every keeper of the SessionStore port promises. */
export function sessionStoreContract(name: string, make: () => Promise<SessionsHarness>): void {
  describe(`${name}, as a store of sessions`, () => {
    let harness: SessionsHarness;
    let sessions: SessionStore;
    beforeEach(async () => {
      harness = await make();
      ({ sessions } = harness);
    });
    afterEach(() => harness.close());

    const submit = (id: string, own: { first?: boolean; session?: string } = {}) => {
      const { first = false, session: of = ref.id } = own;
      return sessions.submit({ session: { ...ref, id: of }, job: { id, spec: jobSpec() }, first });
    };
    const found = () => sessions.find(ref);
    const take = () => harness.take('default');
    /** Takes the turn that has its place, and ends it. */
    const endNext = async (ending = succeeded): Promise<string | undefined> => {
      const id = await take();
      if (id !== undefined) await harness.end(id, ending);
      return id;
    };

    test('what was created is found, idle and without turns, by its own tenant only', async () => {
      await sessions.create(session());
      expect(await found()).toMatchObject({
        ...ref,
        settings,
        concurrent: 'queue',
        state: 'idle',
        waiting: [],
        turns: 0,
      });
      expect(await sessions.find({ ...ref, tenant: 'other' })).toBeUndefined();
      const stranger = { session: { ...ref, tenant: 'other' }, job: { id: 'j-1', spec: jobSpec() } };
      expect(await sessions.submit(stranger)).toEqual({ kind: 'unknown' });
      expect(await sessions.stop(stranger.session)).toBeUndefined();
      expect(await sessions.remove(stranger.session)).toBe('unknown');
      expect((await sessions.list({ tenant: 'other', limit: 10 })).sessions).toEqual([]);
    });

    test('a list is paged, the newest first', async () => {
      for (const id of ['s-1', 's-2', 's-3']) await sessions.create(session({ id }));
      const first = await sessions.list({ tenant: 'acme', limit: 2 });
      expect(first.sessions.map(({ id }) => id)).toEqual(['s-3', 's-2']);
      const { nextCursor: cursor = '' } = first;
      const rest = await sessions.list({ tenant: 'acme', limit: 2, cursor });
      expect(rest.sessions.map(({ id }) => id)).toEqual(['s-1']);
      expect(rest.nextCursor).toBeUndefined();
    });

    test('a list can be of those in one state, page after page', async () => {
      for (const id of ['s-1', 's-2', 's-3', 's-4', 's-5']) await sessions.create(session({ id }));
      for (const id of ['s-2', 's-3', 's-5']) await sessions.stop({ tenant: 'acme', id });
      const listed = async (state: SessionState): Promise<readonly string[]> => {
        const ids: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await sessions.list({ tenant: 'acme', state, limit: 2, ...(cursor ? { cursor } : {}) });
          expect(page.sessions.length).toBeLessThanOrEqual(2);
          ids.push(...page.sessions.map(({ id }) => id));
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        return ids;
      };
      expect(await listed('stopped')).toEqual(['s-5', 's-3', 's-2']);
      expect(await listed('idle')).toEqual(['s-4', 's-1']);
      expect(await listed('running')).toEqual([]);
    });

    test('a turn that is over and whose snapshot is still being taken holds the next one back, until it is stored', async () => {
      const whole = { ...snapshot, whole: true };
      await sessions.create(session());
      await submit('j-1');
      await take();
      await harness.end('j-1', keeps);
      expect(await found()).toMatchObject({ state: 'saving', saving: 'j-1', turns: 1 });
      expect((await found())?.turn).toBeUndefined();
      expect(await submit('j-2')).toEqual({ kind: 'waits', id: 'j-2', running: 'j-1' });
      expect([await take(), await sessions.fork({ id: 's-2', from: ref })]).toEqual([undefined, 'saving']);
      expect((await harness.index.stillOpen(['j-1'])).has('j-1')).toBe(true);
      expect(await harness.index.note('j-1', worker, { ...whole, lease: 2 })).toBe('ended');
      expect(await harness.index.note('j-1', worker, whole)).toEqual({});
      expect([await harness.keep('j-1'), await harness.keep('j-1')]).toEqual(['ended', 'ignored']);
      expect(await found()).toMatchObject({ state: 'running', turn: 'j-2', snapshotAt: whole.at, waiting: [] });
      expect(await harness.index.note('j-1', worker, whole)).toBe('ended');
      expect(await harness.index.findOrigin('j-2')).toMatchObject({ job: 'j-1', snapshot: whole });
      expect((await found())?.saving).toBeUndefined();
    });

    test('what a session lacks, because no snapshot of a turn was stored, is told to its turns until one is', async () => {
      await sessions.create(session({ concurrent: 'refuse' }));
      for (const id of ['j-1', 'j-2']) {
        await submit(id);
        await take();
        await harness.end(id, keeps);
        expect(await submit(`${id}-next`)).toMatchObject({ kind: 'waits' });
        expect(await submit(`${id}-third`)).toEqual({ kind: 'busy', running: `${id}-next` });
        expect(await harness.keep(id, 'Its worker was lost.')).toBe('ended');
        await endNext(failed);
      }
      const lacks = [
        { turn: 1, job: 'j-1', reason: 'Its worker was lost.' },
        { turn: 3, job: 'j-2', reason: 'Its worker was lost.' },
      ];
      expect(await found()).toMatchObject({ state: 'idle', lacks });
      await submit('j-3');
      expect(await harness.store.find(jobRef('j-3', 'acme'))).toMatchObject({ lacks });
      await take();
      await harness.end('j-3', keeps);
      await harness.index.note('j-3', worker, { ...snapshot, whole: true });
      // It was stored, whatever its worker could still say.
      expect(await harness.keep('j-3', 'Its worker was lost.')).toBe('ended');
      expect(await found()).toMatchObject({ state: 'hibernated', snapshotAt: 5 });
      expect((await found())?.lacks).toBeUndefined();
    });

    test('it lacks nothing any more after a turn whose snapshot was stored before its outcome was told', async () => {
      await sessions.create(session());
      await submit('j-1');
      await take();
      await harness.end('j-1', keeps);
      await harness.keep('j-1', 'Its worker was lost.');
      await submit('j-2');
      expect(await endNext(failed)).toBe('j-2');
      expect((await found())?.lacks).toHaveLength(1);
      await submit('j-3');
      await take();
      await harness.index.note('j-3', worker, snapshot);
      await harness.end('j-3', succeeded);
      expect(await found()).toMatchObject({ state: 'hibernated', snapshotAt: 5 });
      expect((await found())?.lacks).toBeUndefined();
      await submit('j-4');
      expect((await harness.store.find(jobRef('j-4', 'acme')))?.lacks).toBeUndefined();
    });

    test('a session that is stopped while a snapshot is taken stays stopped, and keeps nothing', async () => {
      await sessions.create(session());
      await submit('j-1');
      await take();
      await harness.end('j-1', keeps);
      expect(await sessions.stop(ref)).toEqual([]);
      await harness.index.note('j-1', worker, snapshot);
      expect(await harness.keep('j-1')).toBe('ended');
      expect(await found()).toMatchObject({ state: 'stopped' });
      expect((await harness.index.keptBySessions(['j-1'])).size).toBe(0);
      expect(await sessions.remove(ref)).toBe('removed');
    });

    test('what is said to a running turn is kept with it, once for each id, in order and up to a limit', async () => {
      const say = (id: string, text = `text of ${id}`) => sessions.steer(ref, { id, text });
      expect(await say('a')).toEqual({ kind: 'unknown' });
      await sessions.create(session());
      expect(await say('a')).toEqual({ kind: 'idle' });
      await submit('j-1');
      expect(await say('a')).toEqual({ kind: 'idle' });
      await take();
      expect(await sessions.steer({ ...ref, tenant: 'other' }, { id: 'a', text: '' })).toEqual({ kind: 'unknown' });
      expect(await say('a')).toEqual({ kind: 'said', job: 'j-1', after: 2 });
      expect(await say('b', 'with "quotes" and\nlines')).toMatchObject({ kind: 'said' });
      expect(await say('a', 'another')).toEqual({ kind: 'repeated', job: 'j-1', after: 2 });
      const steers = [
        { id: 'a', text: 'text of a' },
        { id: 'b', text: 'with "quotes" and\nlines' },
      ];
      expect(await harness.store.find(jobRef('j-1', 'acme'))).toMatchObject({ steers });
      for (let i = 2; i < steerLimits.messages; i++) expect((await say(`c${String(i)}`)).kind).toBe('said');
      expect(await say('more')).toEqual({ kind: 'full' });
      expect((await say('b')).kind).toBe('repeated');
      await harness.store.cancel(jobRef('j-1', 'acme'), 'enough');
      expect(await say('late')).toEqual({ kind: 'idle' });
      await harness.end('j-1', failed);
      expect(await say('late')).toEqual({ kind: 'idle' });
      await sessions.stop(ref);
      expect(await say('late')).toEqual({ kind: 'over' });
    });

    test('one turn is under way at a time; the next one begins when it is over, in the order of submission', async () => {
      await sessions.create(session());
      expect(await submit('j-1')).toEqual({ kind: 'begun', id: 'j-1' });
      expect(await submit('j-2')).toEqual({ kind: 'waits', id: 'j-2', running: 'j-1' });
      expect(await submit('j-3')).toEqual({ kind: 'waits', id: 'j-3', running: 'j-1' });
      expect(await found()).toMatchObject({ state: 'running', turn: 'j-1', waiting: ['j-2', 'j-3'], turns: 1 });
      expect(await harness.store.find(jobRef('j-2', 'acme'))).toMatchObject({ state: 'queued', session: 's-1' });
      expect([await endNext(), await endNext(), await endNext(), await take()]).toEqual([
        'j-1',
        'j-2',
        'j-3',
        undefined,
      ]);
      expect(await found()).toMatchObject({ state: 'idle', waiting: [], turns: 3 });
      expect((await found())?.turn).toBeUndefined();
      expect(await sessions.origin(ref)).toBeUndefined();
    });

    test('while a turn is carried out, no other one of its session is to be had, but those of others are', async () => {
      await sessions.create(session());
      await sessions.create(session({ id: 's-2' }));
      await submit('j-1');
      await submit('j-2');
      await submit('j-3', { session: 's-2' });
      expect([await take(), await take(), await take()]).toEqual(['j-1', 'j-3', undefined]);
    });

    test('one that comes first is next, before those that wait', async () => {
      await sessions.create(session());
      await submit('j-1');
      await submit('j-2');
      expect(await submit('j-3', { first: true })).toEqual({ kind: 'waits', id: 'j-3', running: 'j-1' });
      expect([await endNext(), await endNext(), await endNext()]).toEqual(['j-1', 'j-3', 'j-2']);
    });

    test('a session may refuse a turn while another one is under way, and names that one', async () => {
      await sessions.create(session({ concurrent: 'refuse' }));
      await submit('j-1');
      expect(await submit('j-2')).toEqual({ kind: 'busy', running: 'j-1' });
      expect(await harness.store.find(jobRef('j-2', 'acme'))).toBeUndefined();
      await endNext();
      expect(await submit('j-2')).toEqual({ kind: 'begun', id: 'j-2' });
    });

    test('a turn that is cancelled while it waits leaves the line; one that has its place makes room', async () => {
      await sessions.create(session());
      for (const id of ['j-1', 'j-2', 'j-3']) await submit(id);
      await harness.store.cancel(jobRef('j-2', 'acme'), 'no');
      expect(await found()).toMatchObject({ turn: 'j-1', waiting: ['j-3'] });
      await harness.store.cancel(jobRef('j-1', 'acme'), 'no');
      expect(await found()).toMatchObject({ turn: 'j-3', waiting: [] });
      expect([await endNext(), await take()]).toEqual(['j-3', undefined]);
    });

    test('a key takes the same turn in once, and another body is a conflict', async () => {
      await sessions.create(session());
      const send = (id: string, fingerprint: string) =>
        sessions.submit({ session: ref, job: { id, spec: jobSpec() } }, { tenant: 'acme', key: 'k', fingerprint });
      expect(await send('j-1', 'f')).toEqual({ kind: 'begun', id: 'j-1' });
      expect(await send('j-2', 'f')).toEqual({ kind: 'repeated', id: 'j-1' });
      await expect(send('j-3', 'g')).rejects.toMatchObject({ code: 'idempotency.conflict' });
      expect(await found()).toMatchObject({ turn: 'j-1', waiting: [] });
    });

    test('one that is stopped takes no more turns, and none of those that wait begins', async () => {
      await sessions.create(session());
      for (const id of ['j-1', 'j-2']) await submit(id);
      await take();
      expect(await sessions.stop(ref)).toEqual(['j-1', 'j-2']);
      expect(await submit('j-3')).toEqual({ kind: 'over', state: 'stopped' });
      expect(await sessions.remove(ref)).toBe('busy');
      await harness.end('j-1', succeeded);
      expect(await take()).toBeUndefined();
      expect(await sessions.remove(ref)).toBe('busy');
      await harness.store.cancel(jobRef('j-2', 'acme'), 'no');
      expect(await sessions.stop(ref)).toEqual([]);
      expect(await sessions.remove(ref)).toBe('removed');
      expect(await found()).toBeUndefined();
      expect((await sessions.list({ tenant: 'acme', limit: 10 })).sessions).toEqual([]);
    });

    test('its turns are numbered as they begin; one that is cancelled while it waits is none', async () => {
      await sessions.create(session());
      for (const id of ['j-1', 'j-2', 'j-3']) await submit(id);
      await harness.store.cancel(jobRef('j-2', 'acme'), 'no');
      expect(await harness.store.find(jobRef('j-3', 'acme'))).not.toHaveProperty('turn');
      expect([await endNext(), await endNext()]).toEqual(['j-1', 'j-3']);
      const [one, two] = [
        { number: 1, job: 'j-1' },
        { number: 2, job: 'j-3' },
      ];
      expect(await harness.store.find(jobRef('j-3', 'acme'))).toMatchObject({ session: 's-1', turn: 2 });
      expect(await harness.turns.page(ref, 0, 10)).toEqual({ turns: [one, two], complete: false });
      expect(await harness.turns.page(ref, 0, 1)).toEqual({ turns: [one], complete: false });
      expect(await harness.turns.page(ref, 1, 10)).toEqual({ turns: [two], complete: false });
      await sessions.stop(ref);
      expect(await harness.turns.page(ref, 0, 1)).toEqual({ turns: [one], complete: false });
      expect(await harness.turns.page(ref, 0, 2)).toEqual({ turns: [one, two], complete: true });
      expect(await harness.turns.page(ref, 2, 2)).toEqual({ turns: [], complete: true });
      await sessions.stop(ref);
      await sessions.remove(ref);
      expect(await harness.turns.page(ref, 0, 10)).toBeUndefined();
    });

    test('its turns are followed as they begin, until it is stopped, by its own tenant only', async () => {
      await sessions.create(session());
      await submit('j-1');
      const seen: number[] = [];
      const until = new AbortController();
      const first = harness.turns.follow(ref, 0, until.signal)[Symbol.asyncIterator]();
      expect(await first.next()).toMatchObject({ value: { number: 1, job: 'j-1' } });
      const second = first.next();
      await endNext();
      await submit('j-2');
      expect(await second).toMatchObject({ value: { number: 2, job: 'j-2' } });
      const later = (async () => {
        for await (const turn of harness.turns.follow(ref, 1, until.signal)) seen.push(turn.number);
      })();
      const end = first.next();
      await endNext();
      await submit('j-3');
      await harness.store.cancel(jobRef('j-3', 'acme'), 'no');
      expect(await end).toMatchObject({ value: { number: 3 } });
      await sessions.stop(ref);
      await sessions.remove(ref);
      expect(await first.next()).toMatchObject({ done: true });
      await later;
      expect(seen).toEqual([2, 3]);
      for await (const turn of harness.turns.follow({ ...ref, tenant: 'other' }, 0, until.signal))
        expect(turn).toBeUndefined();
    });

    test('a follower of its turns leaves when its signal aborts', async () => {
      await sessions.create(session());
      const until = new AbortController();
      const next = harness.turns.follow(ref, 0, until.signal)[Symbol.asyncIterator]().next();
      until.abort();
      expect(await next).toMatchObject({ done: true });
    });

    test('the next turn takes up the snapshot of the one before, which is kept as long as it is in use', async () => {
      await sessions.create(session());
      await submit('j-1');
      await take();
      await harness.index.note('j-1', worker, snapshot);
      await harness.end('j-1', succeeded);
      expect(await found()).toMatchObject({ state: 'hibernated', snapshotAt: 5 });
      expect(await sessions.origin(ref)).toEqual({ job: 'j-1', snapshot });
      expect(await sessions.origin({ ...ref, tenant: 'other' })).toBeUndefined();
      await harness.forget('j-1');
      await submit('j-2');
      expect(await harness.store.find(jobRef('j-2', 'acme'))).toMatchObject({ origin: { job: 'j-1', snapshot } });
      expect(await harness.index.findOrigin('j-2')).toEqual({ job: 'j-1', snapshot });
      expect(await harness.index.findOrigin('j-1')).toBeUndefined();
      expect(await harness.index.keptBySessions(['j-1', 'j-2', 'j-3'])).toEqual(new Map([['j-1', snapshot]]));
      await take();
      const later = { ...snapshot, at: 6 };
      await harness.index.note('j-2', worker, later);
      await harness.end('j-2', succeeded);
      expect(await harness.index.keptBySessions(['j-1', 'j-2'])).toEqual(new Map([['j-2', later]]));
      await sessions.stop(ref);
      expect(await sessions.origin(ref)).toBeUndefined();
      expect(await harness.index.keptBySessions(['j-1', 'j-2'])).toEqual(new Map());
    });

    test('after a turn that failed, the session is where it was before', async () => {
      await sessions.create(session());
      await submit('j-1');
      await take();
      await harness.index.note('j-1', worker, snapshot);
      await harness.end('j-1', succeeded);
      await submit('j-2');
      await take();
      await harness.index.note('j-2', worker, { ...snapshot, at: 6 });
      await harness.end('j-2', failed);
      expect(await found()).toMatchObject({ state: 'hibernated', snapshotAt: 5 });
      await submit('j-3');
      expect(await harness.index.findOrigin('j-3')).toEqual({ job: 'j-1', snapshot });
    });

    test('its turns have what is left of its budget, whatever they ask for, and none is taken when nothing is left', async () => {
      const cost = (costUsd: number): Ending => ({ state: 'succeeded', result: { ...emptyResult(), costUsd } });
      await sessions.create(session({ settings: { ...settings, maxBudgetUsd: 0.3 } }));
      const send = (id: string, maxBudgetUsd?: number) =>
        sessions.submit({
          session: ref,
          job: { id, spec: jobSpec(maxBudgetUsd === undefined ? {} : { maxBudgetUsd }) },
        });
      const budgetOf = async (id: string) => (await harness.store.find(jobRef(id, 'acme')))?.spec.maxBudgetUsd;
      await send('j-1');
      await send('j-2', 5);
      await send('j-3', 0.05);
      await send('j-4');
      expect(await budgetOf('j-1')).toBe(0.3);
      await endNext(cost(0.1));
      expect(await found()).toMatchObject({ costUsd: 0.1, settings: { maxBudgetUsd: 0.3 } });
      expect(await budgetOf('j-2')).toBe(0.2);
      await endNext(cost(0.1));
      expect(await budgetOf('j-3')).toBe(0.05);
      await endNext(cost(0.2));
      expect(await budgetOf('j-4')).toBe(0);
      expect(await send('j-5')).toEqual({ kind: 'spent', costUsd: 0.4 });
      expect(await harness.store.find(jobRef('j-5', 'acme'))).toBeUndefined();
      await harness.store.cancel(jobRef('j-4', 'acme'), 'no');
      expect(await send('j-5')).toEqual({ kind: 'spent', costUsd: 0.4 });
    });

    /** A turn that leaves a snapshot of this time. */
    const keep = async (id: string, at: number, of = ref.id): Promise<void> => {
      await submit(id, { session: of });
      expect(await take()).toBe(id);
      await harness.index.note(id, worker, { ...snapshot, at });
      await harness.end(id, succeeded);
    };
    const keptOf = async (...jobs: string[]) => [...(await harness.index.keptBySessions(jobs)).keys()].toSorted();
    const fork = (id: string, turn?: number) =>
      sessions.fork({ id, from: ref, ...(turn === undefined ? {} : { turn }) });

    test('a fork has the settings, the turns so far and the snapshot, and goes its own way from there', async () => {
      await sessions.create(session({ concurrent: 'refuse' }));
      await keep('j-1', 5);
      expect([await fork('s-2'), await fork('s-2')]).toEqual(['forked', 'forked']);
      const forked = { tenant: 'acme', id: 's-2' };
      expect(await sessions.find(forked)).toMatchObject({
        ...{ settings, concurrent: 'refuse', keepTurns: 1, state: 'hibernated', turns: 1, snapshotAt: 5 },
        forkedFrom: { session: 's-1', turn: 1 },
      });
      expect((await sessions.list({ tenant: 'acme', limit: 10 })).sessions.map(({ id }) => id)).toEqual(['s-2', 's-1']);
      await keep('j-2', 6, 's-2');
      await keep('j-3', 7);
      expect(await harness.store.find(jobRef('j-2', 'acme'))).toMatchObject({ turn: 2, origin: { job: 'j-1' } });
      const turnsOf = async (of: string) =>
        (await harness.turns.page({ ...ref, id: of }, 0, 10))?.turns.map(({ job, number }) => [number, job]);
      expect(await turnsOf('s-1')).toEqual([[1, 'j-1'], [2, 'j-3']]); // prettier-ignore
      expect(await turnsOf('s-2')).toEqual([[1, 'j-1'], [2, 'j-2']]); // prettier-ignore
      expect(await sessions.find(ref)).toMatchObject({ snapshotAt: 7 });
      expect(await sessions.find(forked)).toMatchObject({ snapshotAt: 6 });
    });

    test('a snapshot is kept until the last session that goes on from it has another one, or is stopped', async () => {
      await sessions.create(session());
      await keep('j-1', 5);
      await fork('s-2');
      await fork('s-3');
      await keep('j-2', 6);
      expect(await keptOf('j-1', 'j-2')).toEqual(['j-1', 'j-2']);
      await sessions.stop({ ...ref, id: 's-2' });
      await sessions.stop({ ...ref, id: 's-2' });
      expect(await sessions.origin({ ...ref, id: 's-3' })).toMatchObject({ job: 'j-1' });
      expect(await keptOf('j-1')).toEqual(['j-1']);
      await keep('j-3', 7, 's-3');
      expect(await keptOf('j-1', 'j-2', 'j-3')).toEqual(['j-2', 'j-3']);
    });

    test('a session is forked from the turns whose snapshots it keeps, and one that left none is like the one before', async () => {
      await sessions.create(session({ keepTurns: 2 }));
      expect([await fork('s-2'), await fork('s-2', 1)]).toEqual(['empty', 'not_over']);
      await keep('j-1', 5);
      await keep('j-2', 6);
      await submit('j-3');
      await take();
      expect([await fork('s-2', 3), await fork('s-2', 0)]).toEqual(['not_over', 'gone']);
      await harness.end('j-3', failed);
      expect(await fork('s-2', 3)).toBe('forked');
      expect(await fork('s-3', 1)).toBe('forked');
      expect(await sessions.origin({ ...ref, id: 's-2' })).toMatchObject({ job: 'j-2' });
      expect(await sessions.origin({ ...ref, id: 's-3' })).toMatchObject({ job: 'j-1' });
      await keep('j-4', 7);
      expect(await fork('s-4', 1)).toBe('gone');
      expect(await fork('s-4', 2)).toBe('forked');
      await sessions.stop(ref);
      expect(await fork('s-5')).toBe('stopped');
      expect(await keptOf('j-1', 'j-2', 'j-4')).toEqual(['j-1', 'j-2']);
      for (const id of ['s-2', 's-3', 's-4']) await sessions.stop({ ...ref, id });
      expect(await keptOf('j-1', 'j-2', 'j-4')).toEqual([]);
    });

    test('a session goes on from another snapshot between turns, if it went on from the one that is replaced', async () => {
      const [edit, next] = ['e-1', 'e-2'].map((job, i) => ({ job, snapshot: { ...snapshot, at: 10 + i, lease: 0 } }));
      await sessions.create(session());
      expect(await sessions.replace(ref, edit!, { job: 'j-1', snapshot })).toBe('changed');
      expect([await sessions.replace(ref, edit!), await sessions.replace(ref, edit!)]).toEqual([
        'replaced',
        'replaced',
      ]);
      expect(await found()).toMatchObject({ state: 'hibernated', snapshotAt: 10, turns: 0 });
      expect([await sessions.replace(ref, next!), await fork('s-2')]).toEqual(['changed', 'forked']);
      await submit('j-1');
      expect(await harness.index.findOrigin('j-1')).toEqual(edit);
      expect(await sessions.replace(ref, next!, edit)).toBe('busy');
      await take();
      await harness.end('j-1', succeeded);
      expect(await sessions.replace({ ...ref, tenant: 'other' }, next!, edit)).toBe('unknown');
      expect(await sessions.replace(ref, next!, edit)).toBe('replaced');
      expect(await keptOf('e-1', 'e-2')).toEqual(['e-1', 'e-2']);
      await sessions.stop({ ...ref, id: 's-2' });
      expect(await keptOf('e-1', 'e-2')).toEqual(['e-2']);
      await sessions.stop(ref);
      expect(await sessions.replace(ref, edit!, next)).toBe('stopped');
    });

    test('another tenant’s session cannot be forked', async () => {
      await sessions.create(session());
      await keep('j-1', 5);
      expect(await sessions.fork({ id: 's-2', from: { ...ref, tenant: 'other' } })).toBe('unknown');
      expect(await sessions.fork({ id: 's-2', from: { ...ref, id: 's-none' } })).toBe('unknown');
    });

    test('whatever happens, one turn is under way at a time, none is lost, and they begin in order', async () => {
      let runs = 0;
      const step = fc.constantFrom('submit', 'submit first', 'take', 'succeed', 'fail', 'cancel turn', 'cancel last');
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          const run = `s-run-${String(++runs)}`;
          const at = { ...ref, id: run };
          await sessions.create(session({ id: run }));
          let [count, line]: [number, string[]] = [0, []];
          let taken: string | undefined;
          const over = (id: string | undefined): void => {
            line = line.filter((each) => each !== id);
            if (taken === id) taken = undefined;
          };
          for (const what of steps) {
            if (what.startsWith('submit')) {
              const id = `j-run-${String(runs)}-${String(++count)}`;
              const first = what === 'submit first';
              await submit(id, { session: run, first });
              line = first && line.length > 0 ? [line[0] ?? '', id, ...line.slice(1)] : [...line, id];
            } else if (what === 'take') {
              const got = await take();
              if (got !== undefined) expect(taken, `${got} and ${taken ?? ''}`).toBeUndefined();
              if (got !== undefined) expect(got).toBe(line[0]);
              taken ??= got;
            } else if (what === 'succeed' || what === 'fail') {
              if (taken === undefined) continue;
              await harness.end(taken, what === 'fail' ? failed : succeeded);
              over(taken);
            } else {
              const id = what === 'cancel last' ? line.at(-1) : line[0];
              if (id === undefined || id === taken) continue;
              await harness.store.cancel(jobRef(id, 'acme'), 'no');
              over(id);
            }
            const seen = await sessions.find(at);
            expect([...(seen?.turn === undefined ? [] : [seen.turn]), ...(seen?.waiting ?? [])]).toEqual(line);
            expect(seen?.state).toBe(line.length > 0 ? 'running' : 'idle');
          }
          // What is left is carried out, in order.
          if (taken !== undefined) await harness.end(taken, succeeded);
          for (const id of line.slice(taken === undefined ? 0 : 1)) expect(await endNext()).toBe(id);
          expect(await take()).toBeUndefined();
        }),
        { numRuns: 40 },
      );
    });
  });
}
