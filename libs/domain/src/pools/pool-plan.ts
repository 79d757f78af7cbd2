import type { EnrolRules, PoolTarget, Recycle } from './profile.js';
import { backOffMs } from './start-pace.js';
import type { WorkerPhase } from './worker-phase.js';

/** A worker as observed by the pool keeper. Durations are in ms, by the monotonic clock. */
export interface SeenWorker {
  readonly id: string;
  readonly phase: WorkerPhase;
  /** Since its start. */
  readonly ageMs: number;
  /** Idle time; absent while it starts or works. */
  readonly idleMs?: number;
  /** How long it has waited for a session's next turn; absent unless it does. It is busy meanwhile. */
  readonly heldMs?: number;
  /** Made from an older profile or image than the pool's current one. */
  readonly stale: boolean;
  /** Its container no longer runs, or its heartbeats stopped. */
  readonly lost: boolean;
  /** Whether it stays without getting new jobs. */
  readonly cordoned?: boolean;
  /** Whether it has had jobs, and uses more memory than a worker may before its next one. */
  readonly outgrown?: boolean;
}

/** A pool as observed: its workers, unknown containers, and the number of waiting jobs. */
export interface SeenPool {
  readonly workers: readonly SeenWorker[];
  /** Containers with our label but without a worker record. */
  readonly orphans: readonly string[];
  /** Jobs that are ready to start. */
  readonly backlog: number;
  /** Whether waiting jobs must not start now. */
  readonly halted?: boolean;
  /** Whether all workers must leave, and none may start. */
  readonly drained?: boolean;
  /** Consecutive failed starts; they slow the pool down. */
  readonly failedStarts: number;
  /** Since the last start failed, in ms. */
  readonly sinceFailedStartMs?: number;
  /** Since a worker of this pool was last given a job, in ms. */
  readonly sinceAssignedMs?: number;
  /** How many more may start now, in all pools of the machine. Absent: no limit. */
  readonly startable?: number;
}

/** The desired state. */
export interface PoolAim {
  readonly target: PoolTarget;
  readonly recycle: Recycle;
  /** A worker that is not idle this long after its start never will be. */
  readonly startLimitMs: number;
  /**
   * For this long after an assignment, no worker is started only to refill the warm part, while half of it is there: a
   * start costs a second of CPU, which it would take from the job that has just begun.
   */
  readonly calmMs: number;
  /**
   * Given if something else creates the workers: none is started here, and surplus ones leave only if nothing else
   * removes them.
   */
  readonly enrol?: Pick<EnrolRules, 'surplus'> | undefined;
}

/** Why a worker is told to leave. */
export type RecycleReason = 'stale' | 'age' | 'memory' | 'surplus' | 'drained' | 'held';

/** The changes to make. Actions are idempotent. */
export type PoolAction =
  | { readonly kind: 'start'; readonly count: number }
  | { readonly kind: 'drain'; readonly worker: string; readonly reason: RecycleReason }
  | { readonly kind: 'lose'; readonly worker: string; readonly reason: 'gone' | 'start_timeout' }
  | { readonly kind: 'reap'; readonly container: string };

/**
 * Computes the changes that bring the pool to its target: `warm` idle workers in addition to the busy ones, more while
 * jobs wait, never above `max`. Pure: the same pool gives the same plan. Draining and lost workers count against `max`
 * until they are gone, since their containers still use resources; so do cordoned ones, although nobody can use them.
 */
export function planPool(seen: SeenPool, aim: PoolAim): readonly PoolAction[] {
  const lost = seen.workers.filter((w) => w.lost || startTimedOut(w, aim));
  const there = seen.workers.filter((w) => w.phase !== 'gone');
  const staying = there.filter((w) => w.phase !== 'draining' && !lost.includes(w));
  const useful = staying.filter((w) => w.cordoned !== true);
  const busy = useful.filter((w) => w.phase === 'busy').length;
  const backlog = seen.halted === true ? 0 : seen.backlog;
  const wanted = seen.drained === true ? 0 : wantedWorkers(aim.target, busy, backlog);

  const drains = seen.drained === true ? drainAll(staying) : planDrains(useful, wanted, aim);
  const room = aim.target.max - there.length;
  const refilled = Math.min(wanted - (useful.length - drains.length), room);
  const missing = Math.min(
    isCalm(seen, useful, aim) ? refilled : Math.min(refilled, backlog),
    seen.startable ?? Infinity,
  );
  return [
    ...seen.orphans.map((container) => ({ kind: 'reap', container }) as const),
    ...lost.map((w) => ({ kind: 'lose', worker: w.id, reason: w.lost ? 'gone' : 'start_timeout' }) as const),
    ...drains,
    ...(seen.drained === true ? [] : planReleases(there, backlog, aim)),
    ...(missing > 0 && !aim.enrol && startsHeldMs(seen) === 0 ? [{ kind: 'start', count: missing } as const] : []),
  ];
}

/** How many workers a pool should have: busy and warm ones, more while jobs wait, up to its maximum. */
export function wantedWorkers({ warm, max }: PoolTarget, busy: number, backlog: number): number {
  return Math.min(max, busy + Math.max(warm, backlog));
}

function startTimedOut(worker: SeenWorker, aim: PoolAim): boolean {
  return worker.phase === 'starting' && worker.ageMs > aim.startLimitMs;
}

function isCalm(seen: SeenPool, staying: readonly SeenWorker[], aim: PoolAim): boolean {
  const spare = staying.filter((w) => w.phase !== 'busy').length;
  return (seen.sinceAssignedMs ?? Infinity) >= aim.calmMs || spare * 2 < aim.target.warm;
}

/** How long starts of a pool are still delayed because the last ones failed, in ms; 0 if they are not. */
export function startsHeldMs(seen: Pick<SeenPool, 'failedStarts' | 'sinceFailedStartMs'>): number {
  return Math.max(0, backOffMs(seen.failedStarts) - (seen.sinceFailedStartMs ?? Infinity));
}

/**
 * Workers that hold a session and leave, so that it goes on elsewhere: those that have held theirs longest, while jobs
 * wait for which there is no other worker, and no room for one; and a stale one, if no other stale one is leaving: the next
 * turns of many sessions should not all have to start Claude Code at once.
 */
function planReleases(there: readonly SeenWorker[], backlog: number, { target }: PoolAim): readonly PoolAction[] {
  const short = shortOf(there, backlog, target.max);
  const held = there
    .filter((w) => w.heldMs !== undefined && w.phase === 'busy' && !w.lost)
    .sort((a, b) => (b.heldMs ?? 0) - (a.heldMs ?? 0));
  const turn = there.some((w) => w.stale && w.phase === 'draining') ? 0 : 1;
  const stale = held.slice(short).filter((w) => w.stale && w.cordoned !== true);
  return [
    ...held.slice(0, short).map((w) => ({ kind: 'drain', worker: w.id, reason: 'held' }) as const),
    ...stale.slice(0, turn).map((w) => ({ kind: 'drain', worker: w.id, reason: 'stale' }) as const),
  ];
}

/** How many jobs wait for which there is no other worker in the pool, and no room for one. */
export function shortOf(
  workers: readonly (Pick<SeenWorker, 'phase' | 'cordoned'> & { readonly lost?: boolean })[],
  backlog: number,
  max: number,
): number {
  const there = workers.filter((w) => w.phase !== 'gone');
  const coming = there.filter((w) => w.phase !== 'busy' && w.cordoned !== true && w.lost !== true).length;
  return Math.max(0, backlog - coming - Math.max(0, max - there.length));
}

/** All should leave: those with a job when it has ended. */
function drainAll(staying: readonly SeenWorker[]): readonly PoolAction[] {
  return staying.map((w) => ({ kind: 'drain', worker: w.id, reason: 'drained' }) as const);
}

/**
 * Whether a worker uses too much memory for another job. One that has had none uses the minimum: a limit below that
 * would replace it for ever.
 */
export function isOutgrown(
  { rssMb, jobsDone }: { readonly rssMb?: number | undefined; readonly jobsDone: number },
  { aboveRssMb = Infinity }: Pick<Recycle, 'aboveRssMb'>,
): boolean {
  return jobsDone > 0 && (rssMb ?? 0) > aboveRssMb;
}

/**
 * Idle workers that should leave: stale ones, old ones, those above their memory limit, then the longest idle surplus
 * ones.
 */
function planDrains(staying: readonly SeenWorker[], wanted: number, aim: PoolAim): PoolAction[] {
  const idle = staying.filter((w) => w.phase === 'idle');
  const drains: Extract<PoolAction, { kind: 'drain' }>[] = [];
  for (const w of idle) {
    if (w.stale) drains.push({ kind: 'drain', worker: w.id, reason: 'stale' });
    else if (w.ageMs > aim.recycle.afterMs) drains.push({ kind: 'drain', worker: w.id, reason: 'age' });
    else if (w.outgrown === true) drains.push({ kind: 'drain', worker: w.id, reason: 'memory' });
  }
  if (aim.enrol?.surplus === 'stay') return drains;
  const leaving = new Set(drains.map((d) => d.worker));
  let surplus = staying.length - leaving.size - wanted;
  const longestIdleFirst = idle
    .filter((w) => !leaving.has(w.id) && (w.idleMs ?? 0) >= aim.recycle.idleMs)
    .sort((a, b) => (b.idleMs ?? 0) - (a.idleMs ?? 0));
  for (const w of longestIdleFirst) {
    if (surplus-- <= 0) break;
    drains.push({ kind: 'drain', worker: w.id, reason: 'surplus' });
  }
  return drains;
}
