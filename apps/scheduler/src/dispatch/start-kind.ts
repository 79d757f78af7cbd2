import {
  couldStartAt,
  ownProcessReason,
  type Again,
  type JobRecord,
  type LaunchedProfile,
  type Start,
} from '@remuda/domain';

/**
 * How a job's worker was prepared. Warm: initialised before the job arrived, for exactly its needs; `readyAt` is when
 * (epoch ms). A job that needs its own process, or resumes a session, cannot start warm.
 */
export function startOf(
  job: Pick<JobRecord, 'spec' | 'times' | 'wakeAt'>,
  worker: { readonly readyAt: number; readonly profile: LaunchedProfile | undefined },
  again?: Again,
): Start {
  if (again?.kind === 'resume' || again?.origin) return { kind: 'resumed' };
  const reason = worker.profile && ownProcessReason(job.spec, worker.profile);
  if (reason) return { kind: 'cold', reason };
  return worker.readyAt > couldStartAt(job) ? { kind: 'cold', reason: 'no_warm_worker' } : { kind: 'warm' };
}
