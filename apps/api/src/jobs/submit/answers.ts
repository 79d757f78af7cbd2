import { Inject, Injectable } from '@nestjs/common';
import type { Clock, JobRef, JobStore, Principal } from '@remuda/domain';
import type { AcceptedJobView, JobWithResultView } from '@remuda/protocol';
import type { FastifyReply } from 'fastify';
import { JobEvents } from '../../events/job-events.js';
import { OpenStreams } from '../../events/stream/open-streams.js';
import { clock, jobStore } from '../../stores.js';
import { viewAccepted, viewJob } from '../job-view.js';
import { readWait } from './preference.js';

/** What the answer to a submission depends on. */
export interface Asked {
  /** The proxy's path prefix. */
  readonly basePath: string;
  /** Whether the job was accepted by an earlier request. */
  readonly repeated: boolean;
  /** The request's `Prefer` header. */
  readonly prefer: string | undefined;
  readonly caller: Principal;
  readonly reply: FastifyReply;
}

/** Answers for jobs that were accepted: at once, or when they are over if the client waits for that. */
@Injectable()
export class Answers {
  constructor(
    private readonly events: JobEvents,
    private readonly streams: OpenStreams,
    @Inject(jobStore) private readonly store: JobStore,
    @Inject(clock) private readonly time: Clock,
  ) {}

  /** The job with its result if it is over within the time that the client waits; otherwise that it was accepted. */
  async inTime(
    job: JobRef,
    { basePath, repeated, prefer, caller, reply }: Asked,
  ): Promise<AcceptedJobView | JobWithResultView> {
    const wait = readWait(prefer);
    if (wait === undefined) return this.accepted(job, basePath, repeated);
    reply.header('preference-applied', `wait=${wait}`);
    if (!(await this.isOverWithin(job, { seconds: wait, caller, reply }))) return this.accepted(job, basePath, true);
    reply.status(200);
    const [record, result] = await Promise.all([this.events.job(job), this.store.result(job)]);
    return { ...viewJob(record), ...(result === undefined ? {} : { result }) };
  }

  /** A job that was taken in this moment is queued; one from before may be anywhere. */
  async accepted(job: JobRef, basePath: string, before: boolean): Promise<AcceptedJobView> {
    return viewAccepted(job.id, basePath, before ? (await this.store.find(job))?.state : 'queued');
  }

  private async isOverWithin(
    job: JobRef,
    { seconds, caller, reply }: { readonly seconds: number } & Pick<Asked, 'caller' | 'reply'>,
  ): Promise<boolean> {
    const stream = this.streams.start(caller);
    const timer = new AbortController();
    void this.time.sleep(seconds * 1_000, timer.signal).then(stream.close, () => undefined);
    reply.raw.once('close', stream.close);
    try {
      return await this.events.waitForEnd(job, stream.signal);
    } finally {
      timer.abort();
      stream.close();
    }
  }
}
