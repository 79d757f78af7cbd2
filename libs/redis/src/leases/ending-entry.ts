import type { Ending, EventData, LastOfAttempt, NewEvent, Spent } from '@remuda/domain';

/** The ending's fields and values for the job's record, in turn; `spent` is what the bridge counted, if anything. */
export function endingFields(ending: Ending, spent?: Spent): (string | number)[] {
  if (ending.state === 'queued') return ['failure', JSON.stringify(ending.failure)];
  const { failure, result } = ending;
  const told = spent ?? result;
  return [
    ...(failure ? ['failure', JSON.stringify(failure)] : []),
    ...(result ? ['turns', result.turns] : []),
    ...(told ? ['usage', JSON.stringify(told.usage), 'costUsd', told.costUsd] : []),
  ];
}

/** The event that proves that no process of the attempt is left, if there is such a proof. */
export function endedEvents(last: LastOfAttempt | undefined, now: number): readonly NewEvent[] {
  return last?.ended ? [{ type: 'attempt.ended', at: now, data: last.ended }] : [];
}

/** The event with which the job is requeued, or is over; `spent` as in its record. */
export function endingEvent(ending: Ending, now: number, spent?: Spent): NewEvent {
  if (ending.state === 'queued') {
    const { failure, usage, wakeAt } = ending;
    const counted = usage === 'failures';
    return { type: 'job.requeued', at: now, data: { failure, counted, ...(wakeAt === undefined ? {} : { wakeAt }) } };
  }
  const { state, failure, result } = ending;
  const told = spent ?? result;
  const data: EventData['job.over'] = {
    state,
    ...(failure ? { failure } : {}),
    ...(result ? { turns: result.turns } : {}),
    ...(told ? { costUsd: told.costUsd, usage: told.usage } : {}),
  };
  return { type: 'job.over', at: now, data };
}
