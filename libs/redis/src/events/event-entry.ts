import type { JobEvent, NewEvent } from '@remuda/domain';

/**
 * An entry of a job's event stream contains one batch: its stream id is `<id of the last event>-0`, field `n` the
 * number of events, `a` the attempt, `d` the events as a JSON array. So a public id is a plain number that rises by
 * one, and trimming shows as a gap in the ids.
 */
export interface EventEntry {
  readonly first: number;
  readonly last: number;
  readonly attempt: number;
  readonly json: string;
}

/** Parses the entry `[id, [field, value, …]]` of Redis. */
export function readEventEntry([id, fields]: readonly [string, readonly string[]]): EventEntry {
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) values.set(fields[i] ?? '', fields[i + 1] ?? '');
  const last = Number(id.slice(0, id.indexOf('-')));
  const count = Number(values.get('n') ?? 1);
  return { first: last - count + 1, last, attempt: Number(values.get('a') ?? 0), json: values.get('d') ?? '[]' };
}

/** The events of an entry with an id above `after`. */
export function eventsOf(entry: EventEntry, after: number): readonly JobEvent[] {
  const events = JSON.parse(entry.json) as NewEvent[];
  // The place is ours to give: whatever a worker wrote there is overridden.
  const numbered = events.map((event, i): JobEvent => numberedAs(event, entry.first + i, entry.attempt));
  return entry.first > after ? numbered : numbered.filter((event) => event.id > after);
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
