import { UnrecoverableError, Worker as BullConsumer, type Job } from 'bullmq';
import { afterWebhookAnswer, type AfterWebhookAnswer, type WebhookAnswer, type WebhookMessage } from '@remuda/domain';
import { passOver } from '../connection/queue-log.js';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { webhookQueue, type RedisKeys } from '../keys.js';
import type { WebhookTry } from './webhook-queue.js';

/** A try that failed, and is followed by another one. */
class TryAgain extends Error {
  constructor(
    message: string,
    readonly afterMs: number,
  ) {
    super(message);
  }
}

/** Dependencies of a consumer of messages. */
export interface WebhookConsumerParts {
  /** Waits during an outage; BullMQ makes its own blocking one from it. */
  readonly connection: RedisConnection;
  readonly keys: RedisKeys;
  /** Sends a message once; does not reject. `failure` says why there was no 2xx. */
  readonly send: (message: WebhookMessage) => Promise<WebhookAnswer & { readonly failure?: string }>;
  /** What came of each try. */
  readonly onTried: (message: WebhookMessage, after: AfterWebhookAnswer, failure?: string) => void;
  /** Epoch ms. */
  readonly now: () => number;
  /** Messages under way at once. */
  readonly concurrency: number;
}

/** Takes messages from their queue; several share it. A message that a process had when it ended is taken by another. */
export class WebhookConsumer {
  readonly #consumer: BullConsumer<WebhookMessage>;

  constructor(private readonly parts: WebhookConsumerParts) {
    const { connection, keys, concurrency } = parts;
    const redis = clientOf(connection);
    this.#consumer = new BullConsumer<WebhookMessage>(webhookQueue, (job) => this.#send(job), {
      connection: redis,
      prefix: keys.bull,
      concurrency,
      // Every death of a process counts as a stall; tries are limited otherwise.
      maxStalledCount: 1_000_000,
      settings: {
        backoffStrategy: (_tries, _type, error) => (error instanceof TryAgain ? error.afterMs : 0),
      },
    });
    this.#consumer.on('error', passOver(redis, 'error in the queue of webhooks'));
  }

  /** Takes no more messages, and waits for those under way. */
  async close(): Promise<void> {
    await this.#consumer.close();
  }

  async #send(job: Job<WebhookMessage>): Promise<number | undefined> {
    const { failure, ...answer } = await this.parts.send(job.data);
    const after = afterWebhookAnswer(job.attemptsMade + 1, answer);
    const { status } = answer;
    const tried: WebhookTry = {
      ...(status === undefined ? {} : { status }),
      ...(failure === undefined ? {} : { failure }),
      at: this.parts.now(),
    };
    await job.updateProgress(tried);
    this.parts.onTried(job.data, after, failure);
    if (after.kind === 'delivered') return status;
    const reason = failure ?? `HTTP ${String(status)}`;
    throw after.kind === 'again' ? new TryAgain(reason, after.afterMs) : new UnrecoverableError(reason);
  }
}
