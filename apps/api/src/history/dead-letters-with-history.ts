import type {
  DeadLetterQuery,
  DeadLetters,
  EndedAttempt,
  JobArchive,
  JobRecord,
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
    const archived = redriven.kind === 'unknown' ? await this.archive.find(job) : undefined;
    if (!archived) return redriven;
    const prompt = await this.archive.prompt(job);
    const reason = whyNot(archived, prompt);
    return reason === undefined
      ? { kind: 'archived', job: archived, prompt: prompt ?? '' }
      : { kind: 'refused', reason };
  }
}

/** Why a job that only the archive has cannot be submitted once more; undefined if it can. */
function whyNot({ state, session, spec }: JobRecord, prompt: string | undefined): string | undefined {
  if (state !== 'failed') return `The job is ${state}; only a failed one can be redriven.`;
  if (session !== undefined) return 'The job was a turn of a session: send its prompt to the session again.';
  const secrets = spec.secrets ?? [];
  if (secrets.length > 0)
    return `The values of its secrets (${secrets.join(', ')}) were deleted at its end: submit the job again with them.`;
  return prompt === undefined ? "The job's prompt is no longer kept: submit the job again." : undefined;
}
