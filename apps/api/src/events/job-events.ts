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
import { refOf } from '../jobs/job-ref.js';
import { badPosition } from './position.js';
import { withQuiet, type Said } from './stream/quiet.js';

/** A job's events from one place on: those to come, or nothing more where the job is over and the client has seen it. */
export type Following = { readonly ended: true } | { readonly ended: false; readonly stream: AsyncIterable<Said> };

/** A job, and its events around the one that a client named. */
interface Place {
  readonly job: JobRecord;
  readonly around: EventPage;
}

/** A quiet stream looks for a job's place every 3 s, and shows after 15 s that it lives. */
const quiet = { lookMs: 3_000, beatAfter: 5 } as const;
/** Longest wait for a store that answered a moment ago, in ms. */
const pageLimitMs = 2_000;

/** Event streams as clients ask for them: unknown jobs and places are refused before anything is sent. */
@Injectable()
export class JobEvents {
  constructor(
    @Inject(jobStore) private readonly store: JobStore,
    @Inject(eventLog) private readonly log: EventLog,
    @Inject(clock) private readonly time: Clock,
  ) {}

  /** The job, or `job.unknown`. */
  async job(id: string): Promise<JobRecord> {
    const job = isId(id) ? await this.store.find(refOf(id)) : undefined;
    if (job) return job;
    throw new RemudaError('job.unknown', `There is no job ${JSON.stringify(id.slice(0, 80))}.`);
  }

  /** A stretch of the stream. `path` names the place's source in a refusal. */
  async page(id: string, after: number, limit: number, path: string): Promise<EventPage> {
    const { job } = await this.requirePlace(id, after, path);
    return this.read(job, after, limit);
  }

  /** The events above `after`, those to come included, until the job is over or the signal aborts. */
  async follow(id: string, after: number, path: string, signal: AbortSignalLike): Promise<Following> {
    const { job, around } = await this.requirePlace(id, after, path);
    if (around.complete && around.events.every((event) => event.id <= after)) return { ended: true };
    const position = async (): Promise<number | undefined> => this.store.position(await this.job(id));
    return {
      ended: false,
      stream: withQuiet(this.log.follow(job, after, signal), { ...quiet, clock: this.time, position }),
    };
  }

  /** Waits until the job is over or the signal aborts; says whether it is over. */
  async waitForEnd(id: string, signal: AbortSignalLike): Promise<boolean> {
    let last: JobEvent | undefined;
    for await (const events of this.log.follow(refOf(id), 0, signal)) last = events.at(-1);
    // A job.over in the midst of the stream is of before a redrive: the stream goes on behind it.
    return last?.type === 'job.over' && !signal.aborted;
  }

  /** The event at `after` and what comes next; `event_id.invalid` where no such event has been. */
  private async requirePlace(id: string, after: number, path: string): Promise<Place> {
    const job = await this.job(id);
    const around = await this.read(job, Math.max(0, after - 1), 2);
    if (after > 0 && around.events.length === 0)
      throw badPosition(path, `must be the id of an event of this job: it has none with the id ${after}`);
    return { job, around };
  }

  private async read(job: JobRef, after: number, limit: number): Promise<EventPage> {
    const page = await within(this.time, this.log.page(job, after, limit), pageLimitMs);
    if (page) return page;
    throw new RemudaError('redis.unavailable', 'Redis does not answer.', { retryAfterMs: 1_000 });
  }
}
