import type { SessionEvent } from '@remuda/client';
import { startTransition, useEffect, useRef, useState } from 'react';
import { useVisible } from '../shell/browser-state.js';
import { addTurnEvents, type Turn } from '../session/turns.js';
import { isAway, useApi } from './api-context.js';
import { batchByFrame } from './batch-by-frame.js';

/** The turns of a session as far as their events have come. */
export interface LiveTurns {
  readonly turns: readonly Turn[];
  /** `over`: the session is stopped, and these are all events. */
  readonly live: 'opening' | 'open' | 'over';
  readonly error: Error | undefined;
}

/**
 * Follows the events of all turns while somebody can see the page, and takes the stream up where it was. `onState` is told of
 * events after which the session's record says something else.
 */
export function useSessionTurns(id: string, onState: () => void): LiveTurns {
  const { client, report } = useApi();
  const visible = useVisible();
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const [live, setLive] = useState<LiveTurns['live']>('opening');
  const [error, setError] = useState<Error>();
  const last = useRef('0');
  useEffect(() => {
    if (!visible) return;
    const leaving = new AbortController();
    const batch = batchByFrame<SessionEvent>((events) => {
      startTransition(() => setTurns((known) => addTurnEvents(known, events)));
      if (events.some(({ event }) => changesRecord.test(event.type))) onState();
    });
    const follow = async (): Promise<void> => {
      const events = client.sessions.follow(id, {
        after: last.current,
        signal: leaving.signal,
        giveUpMs: Infinity,
        onOpen: () => {
          report();
          setLive('open');
        },
        onRetry: report,
      });
      for await (const event of events) {
        last.current = event.id;
        batch.add(event);
      }
      setLive('over');
    };
    setError(undefined);
    follow().catch((failed: unknown) => {
      if (leaving.signal.aborted) return;
      report(failed);
      if (!isAway(failed)) setError(failed as Error);
    });
    return () => {
      leaving.abort();
      batch.flush();
    };
  }, [client, report, id, visible, onState]);
  return { turns, live, error };
}

const changesRecord = /^(job\.|turn\.ended|session\.)/;
