import { createParser } from 'eventsource-parser';
import { StringDecoder } from 'node:string_decoder';

/** Called with the events of an answer, in order. */
export type OnEvent = (type: string, data: string) => void;

/** Reads an answer of the model while it is passed on. */
export interface AnswerReader {
  readonly read: (chunk: Buffer) => void;
  /** The answer is complete. */
  readonly end: () => void;
}

/** Maximum size of a JSON answer (not a stream) that is buffered for counting. */
const maxJsonBytes = 32 * 1024 * 1024;

/**
 * A reader for an answer's content type; undefined for one that cannot be counted. A JSON answer is one event
 * `message`.
 */
export function readerFor(contentType: string | undefined, onEvent: OnEvent): AnswerReader | undefined {
  if (contentType?.includes('text/event-stream')) return eventStreamReader(onEvent);
  if (contentType?.includes('application/json')) return jsonReader(onEvent);
  return undefined;
}

function eventStreamReader(onEvent: OnEvent): AnswerReader {
  const decoder = new StringDecoder('utf8');
  const parser = createParser({
    onEvent: ({ event, data }) => {
      onEvent(event ?? 'message_unnamed', data);
    },
  });
  return {
    read: (chunk) => {
      parser.feed(decoder.write(chunk));
    },
    end: () => undefined,
  };
}

function jsonReader(onEvent: OnEvent): AnswerReader {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    read: (chunk) => {
      bytes += chunk.length;
      if (bytes <= maxJsonBytes) chunks.push(chunk);
    },
    end: () => {
      if (bytes <= maxJsonBytes) onEvent('message', Buffer.concat(chunks).toString('utf8'));
    },
  };
}
