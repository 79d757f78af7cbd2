import type { JobRecord, JobResult, WebhookMessage } from '@remuda/domain';

/** The end of a job with a webhook, of which no message was made yet; `entry` is another one for each end. */
export interface DueEnd {
  readonly entry: string;
  readonly id: string;
}

/** A job that is over. */
export interface EndedJob {
  readonly job: JobRecord;
  readonly result?: JobResult;
}

/** The ends of jobs with webhooks. */
export interface WebhookOutboxPort {
  /** The first ones, at most `most`; waits for one for `waitMs` if there is none. Other bridges may get the same. */
  due(most: number, waitMs: number): Promise<readonly DueEnd[]>;
  /** The job; undefined if it is not over (any more), or not known. */
  read(id: string): Promise<EndedJob | undefined>;
  /** Its message is in the queue, or there is none. */
  done(end: DueEnd): Promise<void>;
}

/** Where messages wait. */
export interface WebhookQueuePort {
  /** Queues a message; one with its id that is there already stays as it is. */
  add(message: WebhookMessage): Promise<void>;
}

/** Takes messages from the queue. */
export interface WebhookConsumerPort {
  /** Takes no more, and waits for those under way. */
  close(): Promise<void>;
}
