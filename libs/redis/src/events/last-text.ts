import { parseJson, readWorkerEvent } from '@remuda/protocol';
import type { NewEvent } from '@remuda/domain';
import { readEventEntry } from './event-entry.js';
import type { StreamEntry } from './backlog.js';

/**
 * Number of a job's latest entries that are searched for the last text of an attempt: many tool calls may follow it.
 */
export const lastTextEntries = 100;
/** Maximum length of a text, in characters; its end matters most. */
const maxLength = 4_000;

/**
 * The last text of an attempt: a text of the model, or as much of it as had arrived; '' if none. `entries` of the job's
 * stream, latest first. Pure.
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

/** A worker's events in an entry; invalid ones that an earlier release accepted are skipped. */
function eventsIn(json: string): NewEvent[] {
  const events = parseJson(json);
  return Array.isArray(events) ? events.map(readWorkerEvent).filter((event) => event !== undefined) : [];
}
