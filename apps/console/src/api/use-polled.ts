import type { RemudaClient } from '@remuda/client';
import { useCallback, useEffect, useState } from 'react';
import { useVisible } from '../shell/browser-state.js';
import { isAway, useApi } from './api-context.js';

/** What was asked for: the last answer, and why there is none or no newer one. */
export interface Polled<T> {
  readonly data: T | undefined;
  /** What the api refuses. That it is away is no error: the last answer stays. */
  readonly error: Error | undefined;
  /** Asks now. */
  readonly again: () => void;
}

interface Answer<T> {
  readonly key: string;
  readonly data?: T;
  readonly error?: Error;
}

async function answerOf<T>(key: string, data: Promise<T>): Promise<Answer<T>> {
  try {
    return { key, data: await data };
  } catch (error) {
    return { key, error: error as Error };
  }
}

/** How soon an api that was away is asked again, in ms. */
const awayMs = 2_000;

/**
 * Asks the api now and every so many ms, while somebody can see the page; once if no time is given. `key` says what is
 * asked for: an answer to another key is not shown.
 */
export function usePolled<T>(
  key: string,
  load: (client: RemudaClient) => Promise<T>,
  everyMs: number | undefined,
): Polled<T> {
  const { client, report } = useApi();
  const visible = useVisible();
  const [answer, setAnswer] = useState<Answer<T>>({ key });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!visible) return;
    const asking = { gone: false, timer: undefined as number | undefined };
    const ask = async (): Promise<void> => {
      const end = await answerOf(key, load(client));
      if (asking.gone) return;
      report(end.error);
      if (!isAway(end.error)) setAnswer(end);
      const nextMs = isAway(end.error) ? awayMs : everyMs;
      if (nextMs !== undefined) asking.timer = window.setTimeout(() => void ask(), nextMs);
    };
    void ask();
    return () => {
      asking.gone = true;
      clearTimeout(asking.timer);
    };
    // `load` is another function at each render; what it asks for is named by the key.
  }, [client, report, key, everyMs, visible, round]);
  const again = useCallback(() => setRound((last) => last + 1), []);
  const current = answer.key === key ? answer : undefined;
  return { data: current?.data, error: current?.error, again };
}
