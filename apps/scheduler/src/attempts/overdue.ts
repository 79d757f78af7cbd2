import type { Failure, JobRecord } from '@remuda/domain';

/** What is left to a worker after its limit, before it's ended from outside, in ms. */
export const outsideGraceMs = 10_000;

/**
 * Why an attempt should have ended by now and has not, where it should. `cancels` are the jobs whose cancel was asked for longer
 * than `outsideGraceMs` ago.
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
