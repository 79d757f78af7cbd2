import { Inject, Injectable } from '@nestjs/common';
import { RemudaError } from '@remuda/domain';
import type {
  AbortSignalLike,
  Clock,
  EventLog,
  EventPage,
  JobStore,
  JobEvent,
  JobRecord,
  JobRef,
} from '@remuda/domain';
import { isId } from '@remuda/domain';
import { clock, eventLog, jobStore } from '../stores.js';
import { within } from '../within.js';
import { badPosition } from './position.js';
import { withQuiet, type Said } from './stream/quiet.js';

/** A job's events after a position: future ones, or none if the job is over and the client has seen all of it. */
export type Following<E = JobEvent> =
  { readonly ended: true } | { readonly ended: false; readonly stream: AsyncIterable<Said<E>> };

/** A job, and its events around the one that a client named. */
interface Place {
  readonly job: JobRecord;
  readonly around: EventPage;
}

/** A quiet stream checks the job's queue position every 3 s, and sends a keep-alive after 15 s. */
export const quiet = { lookMs: 3_000, beatAfter: 5 } as const;
/** Timeout for a store that answered a moment ago, in ms. */
const pageLimitMs = 2_000;

/** Event streams for clients: unknown jobs and positions are refused before anything is sent. */
@Injectable()
export class JobEvents {
  constructor(
    @Inject(jobStore) private readonly store: JobStore,
    @Inject(eventLog) private readonly log: EventLog,
    @Inject(clock) private readonly time: Clock,
  ) {}

  /** The job, or `job.unknown`, as for another tenant's. */
  async job({ tenant, id }: JobRef): Promise<JobRecord> {
    const job = isId(id) ? await this.store.find({ tenant, id }) : undefined;
    if (job) return job;
    throw new RemudaError('job.unknown', `There is no job ${JSON.stringify(id.slice(0, 80))}.`);
  }

  /** A page of the stream. `path` names the source of the position in a refusal. */
  async page(ref: JobRef, after: number, limit: number, path: string): Promise<EventPage> {
    const { job } = await this.requirePlace(ref, after, path);
    return this.read(job, after, limit);
  }

  /** The events above `after`, including future ones, until the job is over or the signal aborts. */
  async follow(ref: JobRef, after: number, path: string, signal: AbortSignalLike): Promise<Following> {
    const { job, around } = await this.requirePlace(ref, after, path);
    if (around.complete && around.events.every((event) => event.id <= after)) return { ended: true };
    const position = async (): Promise<number | undefined> => this.store.position(await this.job(ref));
    return {
      ended: false,
      stream: withQuiet(this.log.follow(job, after, signal), { ...quiet, clock: this.time, position }),
    };
  }

  /** Waits until the job is over or the signal aborts; resolves with whether it is over. */
  async waitForEnd(job: JobRef, signal: AbortSignalLike): Promise<boolean> {
    let last: JobEvent | undefined;
    for await (const events of this.log.follow(job, 0, signal)) last = events.at(-1);
    // A job.over within the stream precedes a redrive: the stream continues after it.
    return last?.type === 'job.over' && !signal.aborted;
  }

  /** The event at `after` and the next ones; `event_id.invalid` if there was no such event. */
  private async requirePlace(ref: JobRef, after: number, path: string): Promise<Place> {
    const job = await this.job(ref);
    const around = await this.read(job, Math.max(0, after - 1), 2);
    if (after > 0 && around.events.length === 0)
      throw badPosition(path, `must be the id of an event of this job: it has none with the id ${after}`);
    return { job, around };
  }

  /** A page of the log; `redis.unavailable` if it is not there in time. */
  async read(job: JobRef, after: number, limit: number): Promise<EventPage> {
    const page = await within(this.time, this.log.page(job, after, limit), pageLimitMs);
    if (page) return page;
    throw new RemudaError('redis.unavailable', 'Redis does not answer.', { retryAfterMs: 1_000 });
  }
}
