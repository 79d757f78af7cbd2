import type { Clock, ContainerRuntime, Ended, SeenContainer } from '@remuda/domain';

/** Timeout of one try to remove a container, in ms: an engine that hangs does not report it. */
const tryMs = 5_000;
/** How long a failing removal is retried, in ms; then the attempt is given up without the proof. */
export const removalLimitMs = 30_000;

/** Dependencies of removing containers. */
export interface RemovalParts {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
}

/** Result of a removal: proven, or given up, and why. */
export type Removal = { readonly ended: Ended } | { readonly givenUp: string };

/** The worker whose container is removed. */
export interface RemovedWorker {
  readonly worker: string;
  /** Whether it is on the runtime's own engine: a container that is not found elsewhere may still run. */
  readonly isHere: boolean;
}

/**
 * Removes a worker's container, and verifies that it is gone: until then its attempt may continue. Rejects if that
 * fails and must be retried; if it has failed since `since` (monotonic clock, ms) for too long, it is given up.
 */
export async function removeContainer(
  { worker, isHere }: RemovedWorker,
  since: number,
  parts: RemovalParts,
): Promise<Removal> {
  const { runtime, clock } = parts;
  try {
    if (!isHere) throw new Error('it is on another engine');
    await inTime(runtime.stop(worker, 0), clock);
    const containers = await inTime(runtime.list(), clock);
    if (containers.some((one) => one.worker === worker && one.running)) throw new Error('it still runs');
    return { ended: { by: 'container', processesLeft: 0, ms: Math.max(0, clock.monotonic() - since) } };
  } catch (error) {
    if (clock.monotonic() - since < removalLimitMs) throw error;
    return { givenUp: error instanceof Error ? error.message : String(error) };
  }
}

/** The containers of the runtime's engine; undefined if it does not answer in time. */
export async function containersInTime({
  runtime,
  clock,
}: RemovalParts): Promise<readonly SeenContainer[] | undefined> {
  return inTime(runtime.list(), clock).catch(() => undefined);
}

async function inTime<T>(work: Promise<T>, clock: Clock): Promise<T> {
  const timer = new AbortController();
  const late = clock.sleep(tryMs, timer.signal).then(
    () => Promise.reject(new Error(`no answer within ${String(tryMs)} ms`)),
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
