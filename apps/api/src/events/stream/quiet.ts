import type { Clock, EventType, JobEvent, SessionEvent } from '@remuda/domain';
import { within } from '../../within.js';

/** How often a quiet stream checks for news, in ms, and after how many checks it sends a keep-alive. */
export interface QuietOptions {
  readonly clock: Clock;
  readonly lookMs: number;
  /** Checks without news after which `quiet` is sent. */
  readonly beatAfter: number;
  /** The job's position in its queue from 1; undefined if it does not wait there. */
  readonly position: () => Promise<number | undefined>;
}

/** What a stream sends: events; the position of a waiting job, whenever it changes; or a keep-alive. */
export type Said<E = JobEvent> =
  | { readonly kind: 'events'; readonly events: readonly E[] }
  | { readonly kind: 'position'; readonly position: number }
  | { readonly kind: 'quiet' };

/** The type of an event, or of a session's. */
export const eventType = (event: JobEvent | SessionEvent): EventType =>
  'event' in event ? event.event.type : event.type;

const waitsAfter: ReadonlySet<EventType> = new Set(['job.queued', 'job.requeued', 'job.redriven']);

/**
 * A job's events, and in between the messages of a quiet stream. The next batch is read only when the previous one was
 * consumed. The position is requested only while the job may wait.
 */
export async function* withQuiet<E extends JobEvent | SessionEvent>(
  batches: AsyncIterable<readonly E[]>,
  { clock, lookMs, beatAfter, position }: QuietOptions,
): AsyncGenerator<Said<E>> {
  const iterator = batches[Symbol.asyncIterator]();
  let next = iterator.next();
  let told: number | undefined;
  let mayWait = true;
  let looks = 0;
  for (;;) {
    const got = await within(clock, next, lookMs);
    if (got?.done === true) return;
    if (got) {
      const last = got.value.at(-1);
      mayWait = last === undefined ? mayWait : waitsAfter.has(eventType(last));
      looks = 0;
      yield { kind: 'events', events: got.value };
      next = iterator.next();
      continue;
    }
    const place: number | undefined = mayWait ? await position().catch(() => told) : undefined;
    mayWait = place !== undefined;
    if (place !== undefined && place !== told) yield { kind: 'position', position: place };
    else if (++looks >= beatAfter) yield { kind: 'quiet' };
    else continue;
    told = place ?? told;
    looks = 0;
  }
}
