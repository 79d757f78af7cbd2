import type { ArchivedJob, EventBatch, JobRecord, NewEvent, OverState } from '@remuda/domain';
import { jobSpec } from '@remuda/testing';

/** What matters to a test of a job that is over. */
interface Own {
  readonly tenant?: string;
  readonly state?: OverState;
  readonly queuedAt?: number;
  readonly overAt?: number;
  readonly spec?: Parameters<typeof jobSpec>[0];
  readonly text?: string;
  readonly costUsd?: number;
  readonly events?: readonly EventBatch[];
}

const usage = { inputTokens: 10, outputTokens: 20, cacheReadTokens: 30, cacheWriteTokens: 40 };

/** A job that is over. */
export function archivedJob(id: string, own: Own = {}): ArchivedJob {
  const { tenant = 'default', state = 'succeeded', queuedAt = 1_000, overAt = queuedAt + 500, costUsd = 0.25 } = own;
  const { prompt, ...spec } = jobSpec(own.spec);
  const job: JobRecord = {
    ...{ tenant, id, spec, state, attempt: 1, failures: 0, requeues: 0, lease: 1 },
    times: { queuedAt, overAt },
    ...{ usage, costUsd, turns: 1 },
  };
  const result = { text: own.text ?? 'done', turns: 1, usage, costUsd };
  const attempt = { attempt: 1, worker: 'w-1', claimedAt: queuedAt, endedAt: overAt };
  const failure = { code: 'worker.lost', message: 'It is gone.' } as const;
  return { job, prompt, result, attempts: [{ ...attempt, failure }], events: own.events ?? [batch(1, ['a'])] };
}

/** Events that say texts, from the id `first` on. */
export function batch(first: number, texts: readonly string[]): EventBatch {
  const events = texts.map((text): NewEvent => ({ type: 'message.text', at: 1, data: { text } }));
  return { first, last: first + texts.length - 1, attempt: 1, json: JSON.stringify(events) };
}
