import type { Logger } from '@remuda/runtime';

/** Recurring work that never runs twice at a time. */
export interface Ticker {
  /** Runs it now; if it is running, once more afterwards. */
  poke(): void;
  /** Stops; resolves when it is not running any more. */
  stop(): Promise<void>;
}

/**
 * Runs `act` every `ms` and whenever it is poked, with at least what `gapMs` gives after each run in between (default 0).
 * Errors are logged; it continues.
 */
export function every(
  ms: number,
  name: string,
  act: () => Promise<void>,
  log: Logger,
  gapMs: () => number = () => 0,
): Ticker {
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  const run = async (): Promise<void> => {
    do {
      again = false;
      await act().catch((error: unknown) => {
        log.warn({ err: error }, `${name} failed, and will be tried again`);
      });
      const gap = gapMs();
      if (gap > 0 && !stopped) await new Promise((resolve) => setTimeout(resolve, gap));
      // Set by a poke in the meantime, which the compiler cannot see.
    } while ((again as boolean) && !stopped);
    running = undefined;
  };
  const poke = (): void => {
    if (stopped) return;
    if (running) again = true;
    else running = run();
  };
  const timer = setInterval(poke, ms);
  poke();
  return {
    poke,
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
