import type { Clock } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import type { ListenerKeeper } from './listener-keeper.js';
import type { WorkerDirectory } from './worker-directory.port.js';

/** Dependencies of keeping the workers' listeners up to date. */
export interface ListenerWatch {
  readonly keeper: ListenerKeeper;
  readonly store: WorkerDirectory;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Notifications report changes; the full comparison runs at this interval as well, in ms, for missed ones. */
const lookEveryMs = 30_000;

/** Follows the workers until the signal aborts. Catches up after an outage of Redis. */
export async function keepListeners({ keeper, store, clock, log }: ListenerWatch, signal: AbortSignal): Promise<void> {
  const tell = (err: unknown): void => {
    log.warn({ err }, "the workers' listeners could not be compared with the workers");
  };
  const unfollow = store.follow((worker) => {
    (worker === undefined ? keeper.look() : keeper.onWord(worker)).catch(tell);
  });
  const nap = (): Promise<boolean> =>
    clock.sleep(lookEveryMs, signal).then(
      () => true,
      () => false,
    );
  while (await nap()) await keeper.look().catch(tell);
  unfollow();
}
