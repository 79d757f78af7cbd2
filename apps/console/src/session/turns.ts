import type { Job, SessionEvent } from '@remuda/client';
import { addEvents, emptyTimeline, type Timeline } from '../job/timeline.js';

/** One turn of a session, as far as its events have come. */
export interface Turn {
  /** From 1. */
  readonly number: number;
  /** The job that it is. */
  readonly job: string;
  readonly state: Job['state'];
  /** When its first event happened, in epoch ms. */
  readonly since: number;
  readonly timeline: Timeline;
}

/** The turns with further events, in order. Turns that they do not touch stay the same objects. */
export function addTurnEvents(turns: readonly Turn[], events: readonly SessionEvent[]): readonly Turn[] {
  const next = [...turns];
  for (const number of new Set(events.map(({ turn }) => turn))) {
    const ofTurn = events.filter(({ turn }) => turn === number);
    const at = next.findIndex((turn) => turn.number === number);
    const known = next[at] ?? begun(ofTurn);
    if (!known) continue;
    const inner = ofTurn.map(({ event }) => event);
    const turn = { ...known, state: stateAfter(known.state, inner), timeline: addEvents(known.timeline, inner) };
    if (at === -1) next.push(turn);
    else next[at] = turn;
  }
  return next.sort((a, b) => a.number - b.number);
}

function begun([first]: readonly SessionEvent[]): Turn | undefined {
  if (!first) return undefined;
  const { turn: number, job, event } = first;
  return { number, job, state: 'queued', since: event.at, timeline: emptyTimeline };
}

function stateAfter(before: Turn['state'], events: readonly SessionEvent['event'][]): Turn['state'] {
  let state = before;
  for (const event of events)
    if (event.type === 'job.over') state = event.data.state;
    else if (event.type === 'job.assigned' || event.type.startsWith('session.')) state = 'running';
    else if (event.type === 'job.requeued') state = 'queued';
  return state;
}
