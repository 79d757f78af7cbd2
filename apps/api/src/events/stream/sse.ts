import type { JobEvent } from '@remuda/domain';
import type { Said } from './quiet.js';

/**
 * An event as Server-Sent Events has it. JSON holds no line break of this format, so one `data` line does; what some readers take for
 * one besides (U+2028, U+2029, U+0085) is escaped.
 */
export function formatEvent(event: JobEvent): string {
  const data = JSON.stringify(event).replace(/[\u0085\u2028\u2029]/g, escaped);
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${data}\n\n`;
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

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
