import type { JobRef } from '../jobs/job.js';
import type { WebhookType } from '../jobs/webhook.js';

/** A message about the end of a job, as it is sent; the same bytes at each try. */
export interface WebhookMessage {
  /** Unique, and the same at each try and replay: receivers tell by it what they have already. */
  readonly id: string;
  readonly job: string;
  readonly tenant: string;
  readonly type: WebhookType;
  readonly url: string;
  /** Name of the secret that signs. */
  readonly secret: string;
  /** The end that it tells of, epoch ms. */
  readonly at: number;
  /** JSON. */
  readonly body: string;
}

/** `waiting` for its first or next try. */
export type DeliveryState = 'waiting' | 'delivered' | 'failed';

/** What became of a message so far. */
export interface WebhookDelivery extends Pick<WebhookMessage, 'id' | 'type' | 'url' | 'at'> {
  readonly state: DeliveryState;
  readonly tries: number;
  /** Of the latest try. */
  readonly status?: number;
  /** Why the latest try failed. */
  readonly failure?: string;
  /** Epoch ms of the latest try's end. */
  readonly triedAt?: number;
  /** Epoch ms of the next try. */
  readonly nextAt?: number;
}

/** The messages about jobs, for as long as they are kept (7 days after they were delivered or given up). */
export interface Webhooks {
  /** Messages about a job, oldest first; none if none was due yet or they are no longer kept. */
  deliveries(job: JobRef): Promise<readonly WebhookDelivery[]>;
  /**
   * Sends the latest message about a job again, with its id and body, now: whether it was delivered, given up, or waits.
   * Resolves with its id; undefined if there is none.
   */
  replay(job: JobRef): Promise<string | undefined>;
}
