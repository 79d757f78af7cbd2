import type { JobEvent, NewEvent } from './event.js';

/** Events of a job that were written together: their ids are `first` to `last`, `json` is the array of them. */
export interface EventBatch {
  readonly first: number;
  readonly last: number;
  readonly attempt: number;
  readonly json: string;
}

/** The events of a batch with an id above `after`. */
export function eventsOf(batch: EventBatch, after: number): readonly JobEvent[] {
  const events = JSON.parse(batch.json) as NewEvent[];
  // The place is ours to give: whatever a worker wrote there is overridden.
  const numbered = events.map((event, i): JobEvent => numberedAs(event, batch.first + i, batch.attempt));
  return batch.first > after ? numbered : numbered.filter((event) => event.id > after);
}

/** What follows a gap among a worker's reports is known only when it has its number. */
function numberedAs(event: NewEvent, id: number, attempt: number): JobEvent {
  if (event.type !== 'stream.gap') return { ...event, id, attempt };
  return { ...event, data: { ...event.data, firstHeld: id + 1 }, id, attempt };
}

/** Declares the events between `after` and `firstHeld` as lost to trimming; none where nothing is missing. */
export function gapBefore(firstHeld: number, after: number, now: number): readonly JobEvent[] {
  const missed = firstHeld - after - 1;
  if (missed <= 0) return [];
  return [{ id: firstHeld - 1, attempt: 0, type: 'stream.gap', at: now, data: { firstHeld, missed } }];
}
