import type {
  DeadLetterQuery,
  DeadLetters,
  EndedAttempt,
  JobArchive,
  JobRef,
  JobStore,
  Redriven,
} from '@remuda/domain';

/** The dead letters, which stay in Redis, and the attempts of jobs that only the archive still has. */
export class DeadLettersWithHistory implements DeadLetters {
  constructor(
    private readonly recent: DeadLetters,
    private readonly jobs: Pick<JobStore, 'find'>,
    private readonly archive: JobArchive,
  ) {}

  async attempts(job: JobRef): Promise<readonly EndedAttempt[]> {
    const attempts = await this.recent.attempts(job);
    if (attempts.length > 0 || (await this.jobs.find(job))) return attempts;
    return this.archive.attempts(job);
  }

  list(query: DeadLetterQuery): ReturnType<DeadLetters['list']> {
    return this.recent.list(query);
  }

  async redrive(job: JobRef): Promise<Redriven> {
    const redriven = await this.recent.redrive(job);
    if (redriven.kind !== 'unknown' || !(await this.archive.find(job))) return redriven;
    return { kind: 'refused', reason: 'Only the record of the job is left: it is no longer in Redis.' };
  }
}
