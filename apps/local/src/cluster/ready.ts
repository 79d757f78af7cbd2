import { setTimeout as sleep } from 'node:timers/promises';

const askEveryMs = 50;

/** A part that is starting. */
export interface Awaited {
  /** URL to request; an answer below 500 means ready. */
  readonly url: string;
  /** Settles, with a sentence, when the part ends. */
  readonly ended: Promise<string>;
  readonly limitMs: number;
}

/**
 * Waits until a part answers. Resolves with undefined when it does, otherwise with a sentence that says why not: it
 * ended, or it timed out.
 */
export async function whenReady({ url, ended, limitMs }: Awaited): Promise<string | undefined> {
  const over = new AbortController();
  const late = sleep(limitMs, `${url} did not become ready within ${limitMs / 1_000} s`, { signal: over.signal });
  try {
    return await Promise.race([askUntilReady(url, over.signal), ended, late]);
  } finally {
    over.abort();
    await late.catch(() => undefined);
  }
}

async function askUntilReady(url: string, signal: AbortSignal): Promise<undefined> {
  while (!signal.aborted && !(await answers(url, signal))) await sleep(askEveryMs);
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    return response.status < 500;
  } catch {
    return false;
  }
}
