import type { Job } from '@remuda/client';
import { memo, useEffect, useRef, useState, type ReactNode } from 'react';
import type { LiveTimeline } from '../api/use-timeline.js';
import { duration } from '../shell/amounts.js';
import { isOver } from '../shell/state-badge.js';
import { Empty, Failed, Loading } from '../shell/states.js';
import { Prose } from './prose.js';
import type { Item } from './timeline.js';
import { ToolRow } from './tool-row.js';

/** What has happened to a job, as it happens. */
export function TimelineView({ job, live }: { readonly job: Job; readonly live: LiveTimeline }): ReactNode {
  const { items } = live.timeline;
  const start = Date.parse(job.times.queuedAt);
  const going = !isOver(job.state);
  const following = useFollowing(going, items.length);
  if (live.error) return <Failed error={live.error} />;
  if (items.length === 0) return live.live === 'opening' ? <Loading /> : <Empty title="No event is kept of this job" />;
  return (
    <>
      <ol className="timeline" aria-label="Timeline" aria-busy={going}>
        {items.map((item) => (
          <TimelineRow key={item.id} item={item} start={start} />
        ))}
      </ol>
      {going && (
        <p className="going">
          <span className="pulse" aria-hidden="true" />
          {job.state === 'running' ? 'Claude Code is working' : 'Waiting for a worker'}
        </p>
      )}
      {going && !following.on && (
        <button className="button to-end" type="button" onClick={following.toEnd}>
          ↓ Follow
        </button>
      )}
    </>
  );
}

/** An item. Those that did not change are not rendered again. */
export const TimelineRow = memo(function TimelineRow({
  item,
  start,
}: {
  readonly item: Item;
  readonly start: number;
}): ReactNode {
  return (
    <li className={`row row-${item.kind}`}>
      <time className="row-time" dateTime={new Date(item.at).toISOString()}>
        {duration(item.at - start)}
      </time>
      <div className="row-body">
        <Body item={item} />
      </div>
    </li>
  );
});

function Body({ item }: { readonly item: Item }): ReactNode {
  switch (item.kind) {
    case 'text':
      return <Prose text={item.text} />;
    case 'draft':
      return <p className="draft">{item.text}</p>;
    case 'said':
      return <p className="said">{item.text}</p>;
    case 'thinking':
      return <Thinking text={item.text} />;
    case 'tool':
      return <ToolRow item={item} />;
    case 'note':
      return <p className={`note note-${item.tone}`}>{item.text}</p>;
  }
}

function Thinking({ text }: { readonly text: string }): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <details className="thinking" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="thinking-word">Thinking</span>{' '}
        {!open && <span className="thinking-start">{text.slice(0, 160)}</span>}
      </summary>
      {open && <p className="thinking-text">{text}</p>}
    </details>
  );
}

/** Keeps the end in sight while something goes on, unless a person has scrolled away from it. */
export function useFollowing(going: boolean, length: number): { readonly on: boolean; readonly toEnd: () => void } {
  const [on, setOn] = useState(true);
  const wasGoing = useRef(going);
  useEffect(() => {
    const look = (): void => setOn(distanceToEnd() < 120);
    window.addEventListener('scroll', look, { passive: true });
    return () => window.removeEventListener('scroll', look);
  }, []);
  useEffect(() => {
    if (on && wasGoing.current) toEnd();
    wasGoing.current = going;
  }, [length, going, on]);
  return { on, toEnd };
}

const distanceToEnd = (): number => document.documentElement.scrollHeight - window.scrollY - window.innerHeight;
const toEnd = (): void => window.scrollTo(0, document.documentElement.scrollHeight);
