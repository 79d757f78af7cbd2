import type { AbortSignalLike, EventLog, EventPage, JobArchive, JobEvent, JobRef, JobStore } from '@remuda/domain';

/** Batches of the archive that are read at once for a follower. */
const stride = 100;

/** The event streams in Redis, and those that only the archive still has. */
export class EventsWithHistory implements EventLog {
  constructor(
    private readonly recent: EventLog,
    private readonly jobs: Pick<JobStore, 'find'>,
    private readonly archive: JobArchive,
  ) {}

  async page(job: JobRef, after: number, limit: number): Promise<EventPage> {
    const page = await this.recent.page(job, after, limit);
    if (page.events.length > 0 || !page.complete || (await this.jobs.find(job))) return page;
    return this.archive.events(job, after, limit);
  }

  async *follow(job: JobRef, after: number, signal: AbortSignalLike): AsyncGenerator<readonly JobEvent[]> {
    let last = after;
    for await (const events of this.recent.follow(job, after, signal)) {
      last = events.at(-1)?.id ?? last;
      yield events;
    }
    if (last > after || signal.aborted || (await this.jobs.find(job))) return;
    for (let complete = false; !complete;) {
      const page = await this.archive.events(job, last, stride);
      complete = page.complete;
      last = page.events.at(-1)?.id ?? last;
      if (page.events.length > 0) yield page.events;
    }
  }
}
