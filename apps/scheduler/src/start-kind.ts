import { couldStartAt, type Again, type JobRecord, type Start } from '@remuda/domain';

/**
 * How a job finds its worker. Warm: initialised before the job was there, for just what it needs. A job with its own system
 * prompt or schema takes a process that could not be initialised in advance, and so does a session that is gone on with.
 */
export function startOf(
  job: Pick<JobRecord, 'spec' | 'times' | 'wakeAt'>,
  workerReadyAt: number,
  again?: Again,
): Start {
  if (again?.kind === 'resume') return { kind: 'resumed' };
  if (job.spec.outputSchema) return { kind: 'cold', reason: 'own_schema' };
  if (job.spec.appendSystemPrompt !== undefined) return { kind: 'cold', reason: 'own_system_prompt' };
  if (workerReadyAt > couldStartAt(job)) return { kind: 'cold', reason: 'no_warm_worker' };
  return { kind: 'warm' };
}
