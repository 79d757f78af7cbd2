import {
  couldStartAt,
  ownProcessReason,
  type Again,
  type JobRecord,
  type LaunchedProfile,
  type Start,
} from '@remuda/domain';

/**
 * How a job finds its worker. Warm: initialised before the job was there, for just what it needs; `readyAt` is when (epoch ms). What
 * takes a process of its own can't be, and neither can a session that is gone on with.
 */
export function startOf(
  job: Pick<JobRecord, 'spec' | 'times' | 'wakeAt'>,
  worker: { readonly readyAt: number; readonly profile: LaunchedProfile | undefined },
  again?: Again,
): Start {
  if (again?.kind === 'resume') return { kind: 'resumed' };
  const reason = worker.profile && ownProcessReason(job.spec, worker.profile);
  if (reason) return { kind: 'cold', reason };
  return worker.readyAt > couldStartAt(job) ? { kind: 'cold', reason: 'no_warm_worker' } : { kind: 'warm' };
}
