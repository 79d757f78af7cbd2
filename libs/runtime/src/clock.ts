import type { AbortSignalLike, Clock } from '@remuda/domain';

/** The machine's own time. A sleep keeps the process alive until it is over or aborted. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // CLOCK_MONOTONIC, as Node's timers use.
  monotonic: () => performance.now(),
  sleep,
};

function sleep(ms: number, signal?: AbortSignalLike): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(reasonOf(signal));
      return;
    }
    const wake = (): void => {
      signal?.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(reasonOf(signal));
    };
    signal?.addEventListener('abort', stop, { once: true });
  });
}

const reasonOf = (signal: AbortSignalLike | undefined): Error =>
  signal?.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal?.reason });
