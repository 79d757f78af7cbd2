import { Queue, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import {
  webhookTries,
  type DeliveryState,
  type JobRef,
  type WebhookDelivery,
  type WebhookMessage,
  type Webhooks,
} from '@remuda/domain';
import { passOver } from '../connection/queue-log.js';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { translateRedisError } from '../connection/redis-error.js';
import { webhookQueue, type RedisKeys } from '../keys.js';

/** The latest try of a message, as the consumer notes it. */
export interface WebhookTry {
  readonly status?: number;
  readonly failure?: string;
  /** Epoch ms. */
  readonly at: number;
}

/** How long delivered and given up messages are kept, in seconds, and how many of each. */
const kept = { age: 7 * 86_400, count: 20_000 };
/** The index of a job's messages outlives the last try of the last one. */
const indexMs = 10 * 86_400_000;
/** BullMQ's score of a delayed job is its time times this. */
const scorePerMs = 0x1000;

/** Messages that wait for delivery in a BullMQ queue. */
export class RedisWebhooks implements Webhooks {
  readonly #redis: Redis;
  #opened: Queue<WebhookMessage> | undefined;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.#redis = clientOf(connection);
  }

  /** Queues a message; one that is there already stays as it is. */
  async add(message: WebhookMessage): Promise<void> {
    const index = this.keys.webhooksOf(message.job);
    await this.#redis.multi().zadd(index, String(message.at), message.id).pexpire(index, indexMs).exec();
    await this.#queue().add(message.type, message, { jobId: message.id });
  }

  async deliveries(job: JobRef): Promise<readonly WebhookDelivery[]> {
    try {
      const found = await Promise.all((await this.#of(job)).map((each) => this.#view(each)));
      return found;
    } catch (error) {
      throw translateRedisError(error);
    }
  }

  async replay(job: JobRef): Promise<string | undefined> {
    try {
      const latest = (await this.#of(job)).at(-1);
      if (latest === undefined) return undefined;
      const state = await latest.getState();
      if (state === 'completed' || state === 'failed')
        await latest.retry(state, { resetAttemptsMade: true, resetAttemptsStarted: true });
      // One that is just being sent, or is next, needs no more.
      if (state === 'delayed') await latest.promote();
      return latest.data.id;
    } catch (error) {
      throw translateRedisError(error);
    }
  }

  /** How many messages wait for their first or next try. */
  async waiting(): Promise<number> {
    return this.#queue().getJobCountByTypes('waiting', 'delayed', 'active', 'prioritized');
  }

  async close(): Promise<void> {
    await this.#opened?.close();
  }

  async #of({ tenant, id }: JobRef): Promise<readonly Job<WebhookMessage>[]> {
    const ids = await this.#redis.zrange(this.keys.webhooksOf(id), '0', '-1');
    const found = await Promise.all(ids.map((each) => this.#queue().getJob(each)));
    return found.filter((job): job is Job<WebhookMessage> => job?.data.tenant === tenant);
  }

  async #view(job: Job<WebhookMessage>): Promise<WebhookDelivery> {
    const { id, type, url, at } = job.data;
    const [state, score] = await Promise.all([
      job.getState(),
      this.#redis.zscore(`${this.keys.bull}:${webhookQueue}:delayed`, id),
    ]);
    const latest = job.progress as Partial<WebhookTry>;
    return {
      ...{ id, type, url, at, state: stateOf(state), tries: job.attemptsMade },
      ...(latest.status === undefined ? {} : { status: latest.status }),
      ...(latest.failure === undefined ? {} : { failure: latest.failure }),
      ...(latest.at === undefined ? {} : { triedAt: latest.at }),
      ...(score === null ? {} : { nextAt: Math.floor(Number(score) / scorePerMs) }),
    };
  }

  /** Opened at its first use; a queue object that was created during an outage never recovers. */
  #queue(): Queue<WebhookMessage> {
    if (this.#opened) return this.#opened;
    const queue = new Queue<WebhookMessage>(webhookQueue, {
      connection: this.#redis,
      prefix: this.keys.bull,
      skipWaitingForReady: true,
      defaultJobOptions: {
        ...{ attempts: webhookTries, backoff: { type: 'custom' } },
        ...{ removeOnComplete: kept, removeOnFail: kept, stackTraceLimit: 0 },
      },
      streams: { events: { maxLen: 100 } },
    });
    queue.on('error', passOver(this.#redis, 'error in the queue of webhooks'));
    queue.waitUntilReady().catch((error: unknown) => {
      passOver(this.#redis, 'opening the queue of webhooks failed and will be tried again at its next use')(error);
      if (this.#opened === queue) this.#opened = undefined;
    });
    this.#opened = queue;
    return queue;
  }
}

function stateOf(state: string): DeliveryState {
  if (state === 'completed') return 'delivered';
  return state === 'failed' ? 'failed' : 'waiting';
}
