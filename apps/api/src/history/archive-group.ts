import type { JobArchive } from '@remuda/domain';
import type { EndedJob } from '@remuda/redis';
import { isRefusal } from '@remuda/store';

/** Where it is told what could not be archived as it is. */
export interface GroupLog {
  warn(fields: object, message: string): void;
}

/** Which jobs were archived, and of which of these only the record. */
export interface Archived {
  readonly kept: readonly EndedJob[];
  readonly bare: ReadonlySet<EndedJob>;
}

/**
 * Archives jobs together. If the database refuses something in them, each by itself, and of one that it refuses the bare
 * record: no job keeps the others waiting. Rejects if the database is away.
 */
export async function archiveGroup(archive: JobArchive, jobs: readonly EndedJob[], log: GroupLog): Promise<Archived> {
  const bare = new Set<EndedJob>();
  if (jobs.length === 0 || (await accepts(archive, jobs))) return { kept: jobs, bare };
  const kept: EndedJob[] = [];
  for (const job of jobs) {
    const whole = await accepts(archive, [job]);
    if (!whole) bare.add(job);
    if (whole || (await accepts(archive, [bareOf(job)]))) kept.push(job);
    if (!whole) log.warn({ job: job.job.id }, 'the database refused a job; at most its record is archived');
  }
  return { kept, bare };
}

async function accepts(archive: JobArchive, jobs: readonly EndedJob[]): Promise<boolean> {
  try {
    await archive.keep(jobs);
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

function bareOf({ job, seq }: EndedJob): EndedJob {
  return { job, seq, prompt: '', attempts: [], events: [] };
}
