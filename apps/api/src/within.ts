import type { Clock } from '@remuda/domain';

/** The result of the work; undefined if it takes longer than `ms`. The work itself then continues. */
export async function within<T>(clock: Clock, work: Promise<T>, ms: number): Promise<T | undefined> {
  const done = new AbortController();
  const late = clock.sleep(ms, done.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
