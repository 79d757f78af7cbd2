import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { ApiError, ConnectionError } from './api-error.js';
import type { JobEvent, SessionEvent } from './shapes.js';
import { sleep } from './sleep.js';

/** How a stream is followed. `Id` is what the ids of its events are: numbers of a job, texts of a session. */
export interface FollowOptions<Id extends number | string = number> {
  /** Id of the last event that is known already; 0 by default: all events come. */
  readonly after?: Id;
  /** Ends it: the generator throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** For how long the api may be away before it is given up, in ms; 5 minutes by default. */
  readonly giveUpMs?: number;
  /** Called when the stream is open: at first, and each time after it broke. */
  readonly onOpen?: () => void;
  /** Called when the stream broke and is opened again. */
  readonly onRetry?: (error: Error) => void;
}

/** Pauses before a broken stream is opened again, in ms: the first, and the longest. */
const pauseMs = { first: 200, longest: 5_000 };
const defaultGiveUpMs = 300_000;

/** Opens the stream behind an event; undefined where it has ended with that. */
export type OpenStream<Id extends number | string = number> = (
  after: Id,
  signal: AbortSignal | undefined,
) => Promise<ReadableStream<Uint8Array> | undefined>;

/**
 * Every event of a job behind `after`, live, each once and in order, until the job is over; of one that was redriven, its
 * latest end. A broken stream is opened again where it broke. Throws what the api refuses; ConnectionError when it was away for `giveUpMs`.
 */
export function follow(
  open: OpenStream,
  { after = 0, ...options }: FollowOptions = {},
): AsyncGenerator<JobEvent, void> {
  return followed<number, JobEvent>(open, ({ type }) => type === 'job.over', { after, ...options });
}

/** The same of a session: it ends when the session is stopped, and its last turn is over. */
export function followSession(
  open: OpenStream<string>,
  { after = '0', ...options }: FollowOptions<string> = {},
): AsyncGenerator<SessionEvent, void> {
  return followed<string, SessionEvent>(open, () => false, { after, ...options });
}

async function* followed<Id extends number | string, E extends { readonly id: Id }>(
  open: OpenStream<Id>,
  isLast: (event: E) => boolean,
  { after, signal, giveUpMs = defaultGiveUpMs, onOpen, onRetry }: FollowOptions<Id> & { readonly after: Id },
): AsyncGenerator<E, void> {
  let last = after;
  let pause = pauseMs.first;
  let awaySince: number | undefined;
  for (;;) {
    let isOver = false;
    try {
      const stream = await open(last, signal);
      if (stream === undefined) return;
      onOpen?.();
      for await (const event of eventsIn<E>(stream)) {
        [last, pause, awaySince] = [event.id, pauseMs.first, undefined];
        isOver = isLast(event);
        yield event;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Error) || !mayPass(error)) throw error;
      awaySince ??= performance.now();
      if (performance.now() - awaySince > giveUpMs) throw error;
      onRetry?.(error);
    }
    signal?.throwIfAborted();
    // A job that was redriven goes on behind its end: whether there is more, the api says.
    if (isOver) continue;
    await sleep(pause, signal);
    pause = Math.min(2 * pause, pauseMs.longest);
  }
}

const mayPass = (error: Error): boolean =>
  error instanceof ApiError ? error.transient : error instanceof ConnectionError || error instanceof TypeError;

async function* eventsIn<E>(stream: ReadableStream<Uint8Array>): AsyncGenerator<E> {
  // Not piped through streams for each step: those cost more than the steps, at the first event above all.
  const decoder = new TextDecoder();
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => void messages.push(message) });
  for await (const chunk of stream) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    // A message without an id is not an event of the job: it is the job's position in the queue.
    for (const { id, data } of messages.splice(0)) if (id !== undefined) yield JSON.parse(data) as E;
  }
}
