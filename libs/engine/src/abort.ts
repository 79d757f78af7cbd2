import type { AbortSignalLike } from '@remuda/domain';

/** The work's result, or undefined when the signal aborts first; what becomes of the work then is nobody's concern. */
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
