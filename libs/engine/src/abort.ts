import type { AbortSignalLike } from '@remuda/domain';

/** The work's result, or undefined if the signal aborts first; the work's later result is then ignored. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignalLike): Promise<T | undefined> {
  work.catch(() => undefined);
  if (signal.aborted) return undefined;
  let stop: () => void = () => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => {
      resolve(undefined);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
