import type { EventSourceMessage } from 'eventsource-parser';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { JobEvent } from '@remuda/domain';

/** An open SSE stream. */
export interface SseStream {
  readonly status: number;
  readonly headers: Headers;
  /** The next event; undefined when the stream has ended. Its SSE id and name must be those in its data. */
  next(): Promise<JobEvent | undefined>;
  /** What came beside the events so far. */
  readonly asides: readonly EventSourceMessage[];
  /** All events until the stream ends. */
  rest(): Promise<readonly JobEvent[]>;
  close(): void;
}

/** Opens a job's event stream as an EventSource does. */
export async function openSse(url: string, job: string, lastEventId?: number): Promise<SseStream> {
  const abort = new AbortController();
  const headers = {
    accept: 'text/event-stream',
    ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }),
  };
  const response = await fetch(`${url}/api/v1/jobs/${job}/events`, { headers, signal: abort.signal });
  const parsed = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = parsed?.getReader();
  const asides: EventSourceMessage[] = [];
  const next = async (): Promise<JobEvent | undefined> => {
    const read = await reader?.read();
    if (!read || read.done) return undefined;
    // What has no id is no event of the job.
    if (read.value.id === undefined) {
      asides.push(read.value);
      return next();
    }
    const event = JSON.parse(read.value.data) as JobEvent;
    if (read.value.id !== String(event.id) || read.value.event !== event.type) throw new Error('an event of two minds');
    return event;
  };
  const rest = async (): Promise<readonly JobEvent[]> => {
    const events: JobEvent[] = [];
    for (let event = await next(); event; event = await next()) events.push(event);
    return events;
  };
  const close = (): void => {
    abort.abort();
  };
  return { status: response.status, headers: response.headers, asides, next, rest, close };
}
