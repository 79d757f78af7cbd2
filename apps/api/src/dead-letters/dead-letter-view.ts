import { failureRule } from '@remuda/domain';
import type { EndedAttempt, FailureCode, JobRecord } from '@remuda/domain';
import type { DeadLetterView, EndedAttemptView, RedriveOutcomeView } from '@remuda/protocol';
import { statusOf } from '../problems/status.js';
import { iso, viewJob } from '../jobs/job-view.js';
import type { Outcome } from './outcome.js';

/** A failed job in the API. */
export function viewDeadLetter(job: JobRecord): DeadLetterView {
  return { ...viewJob(job), class: classOf(job.failure?.code ?? 'internal') };
}

/** An attempt in the API: its times as ISO 8601. */
export function viewAttempt(ended: EndedAttempt): EndedAttemptView {
  const { attempt, worker, claimedAt, startedAt, endedAt, start, failure, lastText, ended: proof } = ended;
  const { usage, costUsd } = ended;
  return {
    attempt,
    worker,
    claimedAt: iso(claimedAt),
    ...(startedAt === undefined ? {} : { startedAt: iso(startedAt) }),
    endedAt: iso(endedAt),
    ...(start === undefined ? {} : { start }),
    class: classOf(failure.code),
    status: statusOf(failure.code),
    failure,
    ...(lastText === undefined ? {} : { lastText }),
    ...(proof === undefined ? {} : { ended: proof }),
    ...(usage === undefined ? {} : { usage }),
    ...(costUsd === undefined ? {} : { costUsd }),
  };
}

/** Outcome of a redrive in the API. */
export function viewRedriven(id: string, redriven: Outcome): RedriveOutcomeView {
  switch (redriven.kind) {
    case 'redriven':
      return { id, redriven: true };
    case 'submitted':
      return { id, redriven: true, as: redriven.as };
    case 'unknown':
      return { id, redriven: false, code: 'job.unknown', detail: 'There is no such job.' };
    case 'refused':
      return { id, redriven: false, code: 'job.not_redrivable', detail: redriven.reason };
  }
}

const classOf = (code: FailureCode): DeadLetterView['class'] => failureRule(code).class;
