import type { Clock } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import type { ListenerKeeper } from './listener-keeper.js';
import type { WorkerDirectory } from './worker-directory.port.js';

/** What keeping the workers' listeners up to date takes. */
export interface ListenerWatch {
  readonly keeper: ListenerKeeper;
  readonly store: WorkerDirectory;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Words tell what happens; all is compared that often besides, in ms, for a word that nobody said. */
const lookEveryMs = 30_000;

/** Follows the workers until the signal aborts. What an outage keeps it from is done when Redis is back. */
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
