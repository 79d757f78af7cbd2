import { defaultTenant, isOver } from '@remuda/domain';
import type {
  CancelAnswer,
  Idempotency,
  JobArchive,
  JobOutlook,
  JobPage,
  JobQuery,
  JobRecord,
  JobRef,
  JobResult,
  JobStore,
  NewJob,
} from '@remuda/domain';
import { decodeCursor, encodeCursor } from '@remuda/redis';
import { isAway } from './away.js';
import { mergePages, placeOf, type Stretch } from './merge-pages.js';

/** The jobs in Redis, and those that only the archive still has: for clients there is no difference. */
export class JobsWithHistory implements JobStore {
  constructor(
    private readonly recent: JobStore,
    private readonly archive: JobArchive,
  ) {}

  submit(jobs: readonly NewJob[], idempotency?: Idempotency): ReturnType<JobStore['submit']> {
    return this.recent.submit(jobs, idempotency);
  }

  async find(job: JobRef): Promise<JobRecord | undefined> {
    return (await this.recent.find(job)) ?? this.archive.find(job);
  }

  /**
   * Redis is asked first: what leaves it in between is in the archive. While the archive cannot be asked, the page has
   * the jobs in Redis, and says that it is incomplete.
   */
  async list(query: JobQuery): Promise<JobPage> {
    const recent = query.words === undefined ? await this.recent.list(query) : { jobs: [] };
    const archived = await this.#archived(query, recent.jobs);
    if (!archived) return { ...recent, incomplete: true };
    const merged = mergePages(stretchOf(recent), archived, query.limit);
    return { jobs: merged.jobs, ...(merged.end ? { nextCursor: encodeCursor(merged.end) } : {}) };
  }

  outlook(job: Pick<JobRecord, 'id' | 'tenant' | 'spec' | 'state'>): Promise<JobOutlook | undefined> {
    return this.recent.outlook(job);
  }

  position(job: Pick<JobRecord, 'id' | 'spec' | 'state'>): Promise<number | undefined> {
    return this.recent.position(job);
  }

  async cancel(job: JobRef, reason: string): Promise<CancelAnswer> {
    const answer = await this.recent.cancel(job, reason);
    if (answer.kind !== 'unknown') return answer;
    const archived = await this.archive.find(job);
    return archived ? { kind: 'over', state: archived.state } : answer;
  }

  async result(job: JobRef): Promise<JobResult | undefined> {
    const result = await this.recent.result(job);
    if (result || (await this.recent.find(job))) return result;
    return this.archive.result(job);
  }

  async prompt(job: JobRef): Promise<string | undefined> {
    const prompt = await this.recent.prompt(job);
    if (prompt !== undefined || (await this.recent.find(job))) return prompt;
    return this.archive.prompt(job);
  }

  /** Undefined while the archive cannot be asked, unless the list is of nothing else. */
  async #archived(query: JobQuery, known: readonly JobRecord[]): Promise<Stretch | undefined> {
    const { cursor, tenant = defaultTenant, limit, ...rest } = query;
    if (query.state !== undefined && !isOver(query.state)) return { jobs: [] };
    const below = cursor === undefined ? undefined : decodeCursor(cursor);
    try {
      const jobs = await this.archive.list({ ...rest, tenant, limit, ...(below ? { below } : {}) });
      const last = jobs.at(-1);
      const current = await this.#current(jobs, known, query);
      return { jobs: current, ...(jobs.length === limit && last ? { end: placeOf(last) } : {}) };
    } catch (error) {
      if (query.words === undefined && isAway(error)) return undefined;
      throw error;
    }
  }

  /** Jobs as they are now: one that was redriven is in the archive as it had ended before. */
  async #current(
    archived: readonly JobRecord[],
    known: readonly JobRecord[],
    { state }: JobQuery,
  ): Promise<readonly JobRecord[]> {
    const ids = new Set(known.map(({ id }) => id));
    const unknown = archived.filter(({ id }) => !ids.has(id));
    const now = await Promise.all(unknown.map(async (job) => (await this.recent.find(job)) ?? job));
    return now.filter((job) => state === undefined || job.state === state);
  }
}

function stretchOf({ jobs, nextCursor }: JobPage): Stretch {
  return { jobs, ...(nextCursor === undefined ? {} : { end: decodeCursor(nextCursor) }) };
}
