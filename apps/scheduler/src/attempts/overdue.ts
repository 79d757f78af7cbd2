import type { Failure, JobRecord } from '@remuda/domain';

/** Grace period of a worker after its limit, before it is ended from outside, in ms. */
export const outsideGraceMs = 10_000;

/**
 * Why an attempt is overdue, if it is. `cancels` are the jobs whose cancel was requested longer than `outsideGraceMs`
 * ago.
 */
export function overdueFailure(
  { job, deadline }: { readonly job: Pick<JobRecord, 'id' | 'spec'>; readonly deadline: number },
  cancels: ReadonlySet<string>,
  now: number,
): Failure | undefined {
  if (now > deadline + outsideGraceMs)
    return { code: 'job.timed_out', message: `The attempt did not end within ${String(job.spec.timeoutMs)} ms.` };
  return cancels.has(job.id) ? { code: 'job.cancelled', message: 'The job was cancelled.' } : undefined;
}
