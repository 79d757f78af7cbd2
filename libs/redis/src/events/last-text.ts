import { parseJson, readWorkerEvent } from '@remuda/protocol';
import type { NewEvent } from '@remuda/domain';
import { readEventEntry } from './event-entry.js';
import type { StreamEntry } from './stream-tail.js';

/** Entries of a job's stream that are looked through for the last text of an attempt: many tool calls may come after it. */
export const lastTextEntries = 100;
/** Most of a text that is kept, in characters; its end is what tells. */
const maxLength = 4_000;

/**
 * What an attempt said last: a text of the model, or as much of one as had come; '' where it said nothing. `entries` of the job's
 * stream, the latest first. Pure.
 */
export function lastTextOf(entries: readonly StreamEntry[], attempt: number): string {
  let pieces: string[] = [];
  for (const entry of entries) {
    const { attempt: of, json } = readEventEntry(entry);
    if (of !== attempt) break;
    for (const event of eventsIn(json).reverse()) {
      if (event.type === 'message.delta') pieces = [event.data.text, ...pieces];
      else if (pieces.length > 0) return pieces.join('').slice(-maxLength);
      else if (event.type === 'message.text') return event.data.text.slice(-maxLength);
    }
  }
  return pieces.join('').slice(-maxLength);
}

/** What a worker told in an entry; what an earlier release let in that is no event of a worker's is left out. */
function eventsIn(json: string): NewEvent[] {
  const events = parseJson(json);
  return Array.isArray(events) ? events.map(readWorkerEvent).filter((event) => event !== undefined) : [];
}
