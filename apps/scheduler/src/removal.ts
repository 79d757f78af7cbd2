import type { Clock, ContainerRuntime, Ended } from '@remuda/domain';

/** How long one try to remove a container may take, in ms: an engine that hangs does not say so. */
const tryMs = 5_000;
/** For so long a removal that does not succeed is tried again, in ms; then the attempt is given up without the proof. */
export const removalLimitMs = 30_000;

/** What removing containers takes. */
export interface RemovalParts {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
}

/** What a removal came to: proven, or given up, and why. */
export type Removal = { readonly ended: Ended } | { readonly givenUp: string };

/**
 * Removes a worker's container, and looks whether it is gone: so long the attempt in it may go on. Rejects where that can't be done,
 * and is to be tried again; when that has gone on since `since` (epoch ms) for too long, it's given up.
 */
export async function removeContainer(worker: string, since: number, parts: RemovalParts): Promise<Removal> {
  const { runtime, clock } = parts;
  try {
    await inTime(runtime.stop(worker, 0), clock);
    const containers = await inTime(runtime.list(), clock);
    if (containers.some((one) => one.worker === worker && one.running)) throw new Error('it still runs');
    return { ended: { by: 'container', processesLeft: 0, ms: Math.max(0, clock.now() - since) } };
  } catch (error) {
    if (clock.now() - since < removalLimitMs) throw error;
    return { givenUp: error instanceof Error ? error.message : String(error) };
  }
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
