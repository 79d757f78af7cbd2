import type { Ending, EventData, JobResult, LastOfAttempt, NewEvent } from '@remuda/domain';

/** The ending's fields and values for the job's record, in turn, without what the job has spent. */
export function endingFields(ending: Ending): (string | number)[] {
  const { failure } = ending;
  const result = ending.state === 'queued' ? undefined : ending.result;
  return [...(failure ? ['failure', JSON.stringify(failure)] : []), ...(result ? ['turns', result.turns] : [])];
}

/** The event that proves that no process of the attempt is left, if there is such a proof. */
export function endedEvents(last: LastOfAttempt | undefined, now: number): readonly NewEvent[] {
  return last?.ended ? [{ type: 'attempt.ended', at: now, data: last.ended }] : [];
}

/** The event with which the job is requeued, or is over, without what it has spent. */
export function endingEvent(ending: Ending, now: number): NewEvent {
  if (ending.state === 'queued') {
    const { failure, usage, wakeAt } = ending;
    const counted = usage === 'failures';
    return { type: 'job.requeued', at: now, data: { failure, counted, ...(wakeAt === undefined ? {} : { wakeAt }) } };
  }
  const { state, failure, result } = ending;
  const data: EventData['job.over'] = {
    state,
    ...(failure ? { failure } : {}),
    ...(result ? { turns: result.turns } : {}),
  };
  return { type: 'job.over', at: now, data };
}

/** What the worker tells of a result, for the ending script: its usage apart, which the bridge may know better. */
export function toldBy(told: JobResult | undefined): typeof nothingTold {
  if (!told) return nothingTold;
  const { usage, costUsd, ...result } = told;
  return { result: JSON.stringify(result).slice(0, -1), usage: JSON.stringify(usage), costUsd: String(costUsd) };
}

/** The same of an end without a result. */
export const nothingTold = { result: '', usage: '', costUsd: '' };
