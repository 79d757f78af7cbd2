import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOutgrown, planPool, type PoolAction, type PoolAim, type SeenPool, type SeenWorker } from './pool-plan.js';
import { workerPhases, type WorkerPhase } from './worker-phase.js';

const aim: PoolAim = {
  target: { warm: 2, max: 5 },
  recycle: { afterJobs: 1, afterMs: 3_600_000, idleMs: 60_000 },
  startLimitMs: 30_000,
  calmMs: 400,
};
function pool(seen: Partial<SeenPool> = {}): SeenPool {
  return { workers: [], orphans: [], backlog: 0, failedStarts: 0, ...seen };
}

function worker(id: string, phase: WorkerPhase, own: Partial<SeenWorker> = {}): SeenWorker {
  return { id, phase, ageMs: 1_000, stale: false, lost: false, ...own };
}

const started = (actions: readonly PoolAction[]): number =>
  actions.reduce((sum, action) => sum + (action.kind === 'start' ? action.count : 0), 0);

describe('planning a pool', () => {
  test('an empty pool is filled up to its warm target', () => {
    expect(planPool(pool(), aim)).toEqual([{ kind: 'start', count: 2 }]);
  });

  test('a busy worker is replaced in the warm part', () => {
    expect(started(planPool(pool({ workers: [worker('a', 'busy'), worker('b', 'idle')] }), aim))).toBe(1);
  });

  test('a backlog starts more, up to the maximum', () => {
    expect(started(planPool(pool({ backlog: 100 }), aim))).toBe(5);
  });

  test('an idle worker that has outgrown its limit leaves, and a busy one stays until it has ended', () => {
    const workers = [worker('a', 'idle', { outgrown: true }), worker('b', 'busy', { outgrown: true })];
    expect(planPool(pool({ workers }), aim)).toEqual([
      { kind: 'drain', worker: 'a', reason: 'memory' },
      { kind: 'start', count: 2 },
    ]);
  });

  test('while jobs wait and there is no room, the worker that has held a session longest leaves, as many as are short', () => {
    const busy = ['a', 'b', 'c'].map((id) => worker(id, 'busy'));
    const held = [worker('d', 'busy', { heldMs: 10 }), worker('e', 'busy', { heldMs: 20 })];
    const released = (seen: Partial<SeenPool>) => planPool(pool({ workers: [...busy, ...held], ...seen }), aim);
    expect(released({})).toEqual([]);
    expect(released({ backlog: 1 })).toEqual([{ kind: 'drain', worker: 'e', reason: 'held' }]);
    expect(released({ backlog: 9 }).map((action) => 'worker' in action && action.worker)).toEqual(['e', 'd']);
    expect(released({ backlog: 1, halted: true })).toEqual([]);
    const leaving = [...busy, worker('d', 'busy', { heldMs: 10 }), worker('e', 'draining')];
    expect(planPool(pool({ workers: leaving, backlog: 1 }), aim)).toEqual([]);
    expect(planPool(pool({ workers: [...held, worker('f', 'starting')], backlog: 3 }), aim)).toEqual([
      { kind: 'start', count: 2 },
    ]);
  });

  test('of workers that hold a session and are stale one after the other leaves, the one that has held it longest first', () => {
    const held = (heldMs: number, own: Partial<SeenWorker> = {}) => worker(`w-${heldMs}`, 'busy', { heldMs, ...own });
    const workers = [
      held(10, { stale: true }),
      held(30),
      held(20, { stale: true }),
      worker('a', 'busy', { stale: true }),
    ];
    const drains = (seen: Partial<SeenPool>) => planPool(pool(seen), aim).filter((action) => action.kind === 'drain');
    const first = { kind: 'drain', worker: 'w-20', reason: 'stale' } as const;
    expect(drains({ workers })).toEqual([first]);
    const leaving = worker('w-20', 'draining', { stale: true });
    expect(drains({ workers: [...workers.filter(({ id }) => id !== 'w-20'), leaving] })).toEqual([]);
    // one of them leaves for a job anyway: it is told once
    expect(drains({ workers: [...workers, worker('b', 'busy')], backlog: 2 })).toEqual([
      { kind: 'drain', worker: 'w-30', reason: 'held' },
      { ...first, reason: 'held' },
      { kind: 'drain', worker: 'w-10', reason: 'stale' },
    ]);
    expect(drains({ workers: [held(10, { stale: true, cordoned: true })] })).toEqual([]);
  });

  test('a worker has outgrown its limit above it, and never before its first job', () => {
    expect(isOutgrown({ rssMb: 501, jobsDone: 1 }, { aboveRssMb: 500 })).toBe(true);
    expect(isOutgrown({ rssMb: 500, jobsDone: 1 }, { aboveRssMb: 500 })).toBe(false);
    expect(isOutgrown({ rssMb: 501, jobsDone: 0 }, { aboveRssMb: 500 })).toBe(false);
    expect(isOutgrown({ rssMb: 1e6, jobsDone: 1 }, {})).toBe(false);
    expect(isOutgrown({ jobsDone: 1 }, { aboveRssMb: 500 })).toBe(false);
  });

  test('a pool at its target is left alone', () => {
    expect(planPool(pool({ workers: [worker('a', 'idle'), worker('b', 'starting')] }), aim)).toEqual([]);
  });

  test('a worker that drains still takes room, but is replaced', () => {
    const workers = [worker('a', 'draining'), worker('b', 'idle')];
    expect(started(planPool(pool({ workers }), aim))).toBe(1);
  });

  test('stale and old idle workers are drained, busy ones are not', () => {
    const workers = [
      worker('stale', 'idle', { stale: true }),
      worker('old', 'idle', { ageMs: 4_000_000 }),
      worker('busy', 'busy', { stale: true }),
    ];
    const drains = planPool(pool({ workers }), aim).filter((action) => action.kind === 'drain');
    expect(drains).toEqual([
      { kind: 'drain', worker: 'stale', reason: 'stale' },
      { kind: 'drain', worker: 'old', reason: 'age' },
    ]);
  });

  test('what is too much leaves, the longest idle first, and only after its idle time', () => {
    const workers = [
      worker('a', 'idle', { idleMs: 90_000 }),
      worker('b', 'idle', { idleMs: 120_000 }),
      worker('c', 'idle', { idleMs: 1_000 }),
    ];
    expect(planPool(pool({ workers }), aim)).toEqual([{ kind: 'drain', worker: 'b', reason: 'surplus' }]);
  });

  test('a worker that is lost, or not ready in time, is given up and replaced', () => {
    const workers = [worker('a', 'busy', { lost: true }), worker('b', 'starting', { ageMs: 31_000 })];
    expect(planPool(pool({ workers }), aim)).toEqual([
      { kind: 'lose', worker: 'a', reason: 'gone' },
      { kind: 'lose', worker: 'b', reason: 'start_timeout' },
      { kind: 'start', count: 2 },
    ]);
  });

  test('a lost worker takes its room until it is gone: its container may not let itself be removed', () => {
    const full = Array.from({ length: aim.target.max }, (_, i) => worker(`w-${i}`, 'busy', { lost: i === 0 }));
    expect(planPool(pool({ workers: full, backlog: 3 }), aim)).toEqual([
      { kind: 'lose', worker: 'w-0', reason: 'gone' },
    ]);
  });

  test('right after an assignment the warm part is not refilled yet, unless half of it is gone or jobs wait', () => {
    const sinceAssignedMs = 100;
    const half = [worker('a', 'busy'), worker('b', 'idle')];
    expect(planPool(pool({ workers: half, sinceAssignedMs }), aim)).toEqual([]);
    expect(started(planPool(pool({ workers: half, sinceAssignedMs: 400 }), aim))).toBe(1);
    expect(started(planPool(pool({ workers: [worker('a', 'busy')], sinceAssignedMs }), aim))).toBe(2);
    expect(started(planPool(pool({ workers: half, sinceAssignedMs, backlog: 3 }), aim))).toBe(2);
  });

  test('starts that fail are spaced out', () => {
    expect(planPool(pool({ failedStarts: 3, sinceFailedStartMs: 3_900 }), aim)).toEqual([]);
    expect(started(planPool(pool({ failedStarts: 3, sinceFailedStartMs: 4_000 }), aim))).toBe(2);
  });

  test('no more are started at once than the machine bears', () => {
    expect(started(planPool(pool({ backlog: 100, startable: 2 }), aim))).toBe(2);
    expect(planPool(pool({ backlog: 100, startable: 0 }), aim)).toEqual([]);
  });

  test('containers that nobody knows are reaped', () => {
    const actions = planPool(pool({ orphans: ['x'] }), aim);
    expect(actions).toContainEqual({ kind: 'reap', container: 'x' });
  });
});

const anyWorker = fc
  .record({
    id: fc.uuid(),
    phase: fc.constantFrom(...workerPhases),
    ageMs: fc.nat(10_000_000),
    stale: fc.boolean(),
    lost: fc.boolean(),
    heldMs: fc.option(fc.nat(10_000), { nil: undefined }),
  })
  .map(({ heldMs, ...own }): SeenWorker => (own.phase === 'busy' && heldMs !== undefined ? { ...own, heldMs } : own));
const anyPool = fc.record({
  workers: fc.uniqueArray(anyWorker, { selector: (each) => each.id, maxLength: 12 }),
  orphans: fc.array(fc.uuid(), { maxLength: 3 }),
  backlog: fc.nat(50),
  failedStarts: fc.constant(0),
  startable: fc.nat(10),
});
const anyAim = fc
  .record({ warm: fc.nat(8), max: fc.integer({ min: 1, max: 10 }) })
  .map((target) => ({ ...aim, target }));

describe('whatever the pool', () => {
  test('it never grows above its maximum, nor by more than may start', () => {
    fc.assert(
      fc.property(anyPool, anyAim, (seen, some) => {
        const actions = planPool(seen, some);
        const there = seen.workers.filter((each) => each.phase !== 'gone').length;
        expect(started(actions) === 0 || there + started(actions) <= some.target.max).toBe(true);
        expect(started(actions)).toBeLessThanOrEqual(seen.startable);
      }),
    );
  });

  test('a worker with a job is never drained, and nobody is told twice', () => {
    fc.assert(
      fc.property(anyPool, anyAim, (seen, some) => {
        const named = planPool(seen, some).flatMap((action) => ('worker' in action ? [action] : []));
        const found = new Map(seen.workers.map((each) => [each.id, each]));
        for (const { kind, worker: id } of named) {
          const { phase, heldMs } = found.get(id)!;
          if (kind === 'drain') expect([id, phase === 'idle' || heldMs !== undefined]).toEqual([id, true]);
        }
        expect(new Set(named.map((action) => action.worker)).size).toBe(named.length);
      }),
    );
  });

  test('stale workers that hold a session leave one at a time, and all do in the end', () => {
    fc.assert(
      fc.property(anyPool, anyAim, (any, some) => {
        let seen: SeenPool = { ...any, backlog: 0, orphans: [] };
        const isHeld = (each: SeenWorker): boolean => each.heldMs !== undefined && each.stale && !each.lost;
        const waits = seen.workers.some((each) => each.stale && each.phase === 'draining');
        for (let left = seen.workers.filter(isHeld).length; ;) {
          const told = planPool(seen, some).flatMap((each) => (each.kind === 'drain' ? [each.worker] : []));
          const released = seen.workers.filter((each) => isHeld(each) && told.includes(each.id));
          expect(released).toHaveLength(waits ? 0 : Math.min(1, left));
          if (waits || left-- === 0) return;
          seen = { ...seen, workers: seen.workers.filter((each) => !released.includes(each)) };
        }
      }),
    );
  });
});

describe('a pool that an operator has stopped', () => {
  test('starts nothing for jobs that are not to start, and keeps its warm part', () => {
    expect(started(planPool(pool({ backlog: 100, halted: true }), aim))).toBe(2);
  });

  test('drained: whoever is there leaves, and nobody is started', () => {
    const workers = [worker('a', 'idle'), worker('b', 'busy'), worker('c', 'starting'), worker('d', 'draining')];
    expect(planPool(pool({ workers, backlog: 100, drained: true }), aim)).toEqual(
      ['a', 'b', 'c'].map((id) => ({ kind: 'drain', worker: id, reason: 'drained' })),
    );
  });

  test('a cordoned worker stays, takes room, and is replaced', () => {
    const workers = [worker('a', 'idle', { cordoned: true, stale: true }), worker('b', 'busy', { cordoned: true })];
    expect(planPool(pool({ workers, backlog: 100 }), aim)).toEqual([{ kind: 'start', count: 3 }]);
  });
});

describe('a pool whose workers something else makes', () => {
  const long = { idleMs: 100_000 };
  const workers = ['a', 'b', 'c'].map((id) => worker(id, 'idle', long));
  const enrolled = (surplus: 'stay' | 'leave'): PoolAim => ({ ...aim, enrol: { surplus } });

  test('is never started any, however many jobs wait', () => {
    expect(planPool(pool({ backlog: 100 }), enrolled('stay'))).toEqual([]);
  });

  test('keeps those above its target, which are for whoever scales in', () => {
    expect(planPool(pool({ workers }), enrolled('stay'))).toEqual([]);
  });

  test('lets those above its target leave where nobody scales in', () => {
    expect(planPool(pool({ workers }), enrolled('leave'))).toEqual([{ kind: 'drain', worker: 'a', reason: 'surplus' }]);
  });

  test('lets those leave all the same that are stale, and loses those whose start takes too long', () => {
    const seen = [worker('a', 'idle', { stale: true }), worker('b', 'starting', { ageMs: 31_000 })];
    expect(planPool(pool({ workers: seen }), enrolled('stay'))).toEqual([
      { kind: 'lose', worker: 'b', reason: 'start_timeout' },
      { kind: 'drain', worker: 'a', reason: 'stale' },
    ]);
  });
});
