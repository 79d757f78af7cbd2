import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Program, World } from './world.js';

const realNow = Date.now.bind(Date);
const realRss = process.memoryUsage.rss.bind(process.memoryUsage);
const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
};

/** The world that has the process now. */
let taker: World | undefined;

// For good, as imports of it can't be changed for each run at a bearable price: without a world it's the real one.
const realBytes = crypto.randomBytes.bind(crypto) as (size: number) => Buffer;
Object.assign(crypto, { randomBytes: (size: number) => (taker ? taker.ownBytes(size) : realBytes(size)) });
syncBuiltinESMExports();

class Timer {
  cancelled = false;
  /** The next event of it. */
  event: { cancelled: boolean } | undefined;

  unref(): this {
    return this;
  }

  ref(): this {
    return this;
  }
}

/**
 * Gives the timers, the clock and the random bytes of this process to the world, until the returned function is called: what the
 * program whose turn it is asks of them is its own, and dies with it.
 */
export function takeOver(world: World): () => void {
  taker = world;
  const { stackTraceLimit } = Error;
  // Errors are many, and where they come from is of interest only to whoever reads what happens.
  if (!world.tell) Error.stackTraceLimit = 0;
  const later = (ms: number, act: () => void, again: boolean): Timer => {
    const timer = new Timer();
    const program = world.current;
    const arm = (): void => {
      timer.event = world.after(ms, program, () => {
        if (again) arm();
        act();
      });
    };
    arm();
    return timer;
  };
  const cancel = (timer: unknown): void => {
    if (timer instanceof Timer) {
      if (timer.event) timer.event.cancelled = true;
    } else real.clearTimeout(timer as NodeJS.Timeout);
  };
  const inside = (): Program | undefined => world.current;
  Object.assign(globalThis, {
    setTimeout: (act: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
      inside() ? later(ms, () => act(...args), false) : real.setTimeout(act, ms, ...args),
    setInterval: (act: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
      inside() ? later(ms, () => act(...args), true) : real.setInterval(act, ms, ...args),
    setImmediate: (act: (...args: unknown[]) => void, ...args: unknown[]) =>
      inside() ? later(0, () => act(...args), false) : real.setImmediate(act, ...args),
    clearTimeout: cancel,
    clearInterval: cancel,
    clearImmediate: cancel,
  });
  Date.now = () => (world.current ? Math.floor(world.now) + world.current.skew : realNow());
  process.memoryUsage.rss = () => 64 * 1_048_576;
  return () => {
    taker = undefined;
    Error.stackTraceLimit = stackTraceLimit;
    Object.assign(globalThis, real);
    Date.now = realNow;
    process.memoryUsage.rss = realRss;
  };
}
