import type { Clock, EventType, JobEvent } from '@remuda/domain';
import { within } from '../../within.js';

/** How often a quiet stream looks for what it has to say, in ms, and after how many such looks it shows that it lives. */
export interface QuietOptions {
  readonly clock: Clock;
  readonly lookMs: number;
  /** Looks without anything to say after which `quiet` comes. */
  readonly beatAfter: number;
  /** The job's place in its queue from 1; undefined when it does not wait there. */
  readonly position: () => Promise<number | undefined>;
}

/** What a stream has to say: events; the place of a job that waits, whenever it has changed; or that it lives. */
export type Said =
  | { readonly kind: 'events'; readonly events: readonly JobEvent[] }
  | { readonly kind: 'position'; readonly position: number }
  | { readonly kind: 'quiet' };

const waitsAfter: ReadonlySet<EventType> = new Set(['job.queued', 'job.requeued', 'job.redriven']);

/**
 * A job's events, and in between what a quiet stream has to say. The next batch is pulled only when the last one was taken.
 * The place is asked for only while the job may wait.
 */
export async function* withQuiet(
  batches: AsyncIterable<readonly JobEvent[]>,
  { clock, lookMs, beatAfter, position }: QuietOptions,
): AsyncGenerator<Said> {
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
      mayWait = last === undefined ? mayWait : waitsAfter.has(last.type);
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
