import type { JobEvent, SessionEvent } from '@remuda/domain';
import { eventJson } from './event-json.js';
import { eventType, type Said } from './quiet.js';

/** An event in the format of Server-Sent Events: its JSON contains no line breaks, so one `data` line is enough. */
export function formatEvent(event: JobEvent | SessionEvent): string {
  return `id: ${event.id}\nevent: ${eventType(event)}\ndata: ${eventJson(event)}\n\n`;
}

/**
 * A stream as text, in pieces. The position of a waiting job is an event without an id, so that clients cannot resume
 * from it; the keep-alive is a comment, since proxies cut silent connections.
 */
export async function* sseChunks(stream: AsyncIterable<Said<JobEvent | SessionEvent>>): AsyncGenerator<string> {
  yield 'retry: 1000\n\n';
  for await (const said of stream) yield formatSaid(said);
}

function formatSaid(said: Said<JobEvent | SessionEvent>): string {
  switch (said.kind) {
    case 'events':
      return said.events.map(formatEvent).join('');
    case 'position':
      return `event: queue.position\ndata: ${JSON.stringify({ queuePosition: said.position })}\n\n`;
    case 'quiet':
      return ': still here\n\n';
  }
}
