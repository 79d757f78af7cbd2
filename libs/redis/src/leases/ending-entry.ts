import type { Ending, EventData, LastOfAttempt, NewEvent, Spent } from '@remuda/domain';
import { failureText } from '../queue/profile-queue.js';
import { keepFinished } from '../queue/queues.js';

/** What the ending writes into the job's record, fields and values in turn; `spent` is what the bridge counted, where it did. */
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

/** What BullMQ is told of a job that is over: its failure or '', how many of its like are kept, and until which age in ms. */
export function finishedAs({ failure }: Ending): readonly [string, number, number] {
  const { count, age } = failure ? keepFinished.removeOnFail : keepFinished.removeOnComplete;
  return [failure ? failureText(failure) : '', count, age * 1_000];
}

/** The event that proves that nothing of the attempt is left, where there is such a proof. */
export function endedEvents(last: LastOfAttempt | undefined, now: number): readonly NewEvent[] {
  return last?.ended ? [{ type: 'attempt.ended', at: now, data: last.ended }] : [];
}

/** The event with which the job goes back to its queue, or is over; `spent` as in its record. */
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
