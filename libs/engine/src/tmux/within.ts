import type { Clock } from '@remuda/domain';

/** What the work resolves with, or `late` if it takes longer than `ms`. */
export async function within<T, L>(clock: Clock, ms: number, work: Promise<T>, late: L): Promise<T | L> {
  const timer = new AbortController();
  const passed = clock.sleep(ms, timer.signal).then(
    () => late,
    () => late,
  );
  try {
    return await Promise.race([work, passed]);
  } finally {
    timer.abort();
  }
}
