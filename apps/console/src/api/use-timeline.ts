import type { JobEvent } from '@remuda/client';
import { startTransition, useEffect, useRef, useState } from 'react';
import { addEvents, emptyTimeline, type Timeline } from '../job/timeline.js';
import { useVisible } from '../shell/browser-state.js';
import { isAway, useApi } from './api-context.js';
import { batchByFrame } from './batch-by-frame.js';

/** A job's events as far as they have come. */
export interface LiveTimeline {
  readonly timeline: Timeline;
  /** `over`: the job is over, and these are all events. */
  readonly live: 'opening' | 'open' | 'over';
  readonly error: Error | undefined;
}

/**
 * Follows a job's events while somebody can see the page, and takes the stream up where it was. Events that come between
 * two frames are shown together. `round` is another number when the job was redriven; `onState` is told of events that
 * change the job's record.
 */
export function useTimeline(id: string, round: number, onState: () => void): LiveTimeline {
  const { client, report } = useApi();
  const visible = useVisible();
  const [timeline, setTimeline] = useState<Timeline>(emptyTimeline);
  const [live, setLive] = useState<LiveTimeline['live']>('opening');
  const [error, setError] = useState<Error>();
  const last = useRef(0);
  const begun = useRef(false);
  useEffect(() => {
    if (!visible) return;
    const leaving = new AbortController();
    const batch = batchByFrame<JobEvent>((events) => {
      // A screenful at once, the rest when the page has time for it.
      if (!begun.current) setTimeline((known) => addEvents(known, events.slice(0, screenful)));
      begun.current = true;
      startTransition(() => setTimeline((known) => addEvents(known, events)));
      if (events.some(({ type }) => changesRecord.test(type))) onState();
    });
    const follow = async (): Promise<void> => {
      for (let came = true; came;) {
        came = false;
        const events = client.follow(id, {
          after: last.current,
          signal: leaving.signal,
          giveUpMs: Infinity,
          onOpen: () => {
            report();
            setLive('open');
          },
          onRetry: report,
        });
        // A job that was redriven has further events behind its end.
        for await (const event of events) {
          came = true;
          last.current = event.id;
          batch.add(event);
        }
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
  }, [client, report, id, round, visible, onState]);
  return { timeline, live, error };
}

/** Events of which the first rows of a timeline are made. */
const screenful = 40;

/** Events after which the job's record says something else. */
const changesRecord = /^(job\.|turn\.ended|attempt\.)/;
