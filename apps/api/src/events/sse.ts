import type { JobEvent } from '@remuda/domain';
import type { Said } from './quiet.js';

/** An event as Server-Sent Events has it. JSON holds no line break, so one `data` line does. */
export function formatEvent(event: JobEvent): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/**
 * A stream as text, a piece at a time. The place of a job that waits is an event without an id, so that it is no place to
 * go on from; that the stream lives is a comment, since proxies cut connections that are silent.
 */
export async function* sseChunks(stream: AsyncIterable<Said>): AsyncGenerator<string> {
  yield 'retry: 1000\n\n';
  for await (const said of stream) yield formatSaid(said);
}

function formatSaid(said: Said): string {
  switch (said.kind) {
    case 'events':
      return said.events.map(formatEvent).join('');
    case 'position':
      return `event: queue.position\ndata: ${JSON.stringify({ queuePosition: said.position })}\n\n`;
    case 'quiet':
      return ': still here\n\n';
  }
}
