import type { Logger } from '@remuda/runtime';

/** Something that is done again and again, never twice at once. */
export interface Ticker {
  /** Does it now; while it's under way, once more after it. */
  poke(): void;
  /** Ends it; resolves when nothing of it is under way. */
  stop(): Promise<void>;
}

/**
 * Does `act` every `ms` and whenever it's poked, with at least `gapMs` in between. What it throws is logged; it
 * goes on.
 */
export function every(ms: number, name: string, act: () => Promise<void>, log: Logger, gapMs = 0): Ticker {
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  const run = async (): Promise<void> => {
    do {
      again = false;
      await act().catch((error: unknown) => {
        log.warn({ err: error }, `${name} failed, and will be tried again`);
      });
      if (gapMs > 0 && !stopped) await new Promise((resolve) => setTimeout(resolve, gapMs));
      // Set by a poke in the meantime, which the compiler can't see.
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
