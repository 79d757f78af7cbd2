import type { JobEvent, SessionEvent } from '@remuda/domain';
import { eventType, type Said } from './quiet.js';

/**
 * An event in the format of Server-Sent Events. JSON contains none of the format's line breaks, so one `data` line is
 * enough; what some readers also treat as one (U+2028, U+2029, U+0085) is escaped.
 */
export function formatEvent(event: JobEvent | SessionEvent): string {
  const data = JSON.stringify(event).replace(/[\u0085\u2028\u2029]/g, escaped);
  return `id: ${event.id}\nevent: ${eventType(event)}\ndata: ${data}\n\n`;
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

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
