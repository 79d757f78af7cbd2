import { afterFailure, type Ending, type Failure, type JobRecord, type JobResult, type Outcome } from '@remuda/domain';

/** What a worker's outcome does to its job: the end, or a retry. A requested cancel takes precedence over a retry. */
export function endingOf(job: JobRecord, outcome: Outcome, now: number): Ending {
  switch (outcome.kind) {
    case 'succeeded':
      return { state: 'succeeded', result: outcome.result, ...(outcome.keeps === true ? { keeps: true } : {}) };
    case 'cancelled':
      return cancelled(outcome.result);
    case 'failed':
      return job.cancelRequestedAt === undefined
        ? endingOfFailure(job, outcome.failure, now, outcome.result)
        : cancelled(outcome.result);
  }
}

/** What a failure that no worker reports does to a job: a lost worker, an expired deadline. */
export function endingOfFailure(job: JobRecord, failure: Failure, now: number, result?: JobResult): Ending {
  const after = afterFailure(job, failure, now);
  if (after.kind === 'over') return { state: 'failed', failure, ...(result ? { result } : {}) };
  const { usage, wakeAt } = after;
  return {
    ...{ state: 'queued', failure },
    ...(usage === undefined ? {} : { usage }),
    ...(wakeAt === undefined ? {} : { wakeAt }),
  };
}

/** The end of a cancelled job. */
export function cancelled(result?: JobResult): Ending {
  return {
    state: 'cancelled',
    failure: { code: 'job.cancelled', message: 'The job was cancelled.' },
    ...(result ? { result } : {}),
  };
}
