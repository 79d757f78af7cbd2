import type { Redis } from 'ioredis';
import { isOver, type JobRecord, type JobResult } from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { StreamEntry } from '../events/backlog.js';
import { withCounts } from '../jobs/job-list.js';
import type { RedisKeys } from '../keys.js';

/** A job with a webhook that has ended, and of which no message was made yet. */
export interface DueWebhook {
  /** Of its announcement; every end has its own. */
  readonly entry: string;
  readonly id: string;
}

/** A job that is over. */
export interface JobAtItsEnd {
  readonly job: JobRecord;
  readonly result?: JobResult;
}

/** The ends of jobs with webhooks, as the scripts that end jobs announce them in the same step. */
export class WebhookOutbox {
  readonly #reader: Redis;
  readonly #redis: Redis;

  /** `reader` is used for nothing else: it blocks. Both wait while Redis is away. */
  constructor(
    reader: RedisConnection,
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.#reader = clientOf(reader);
    this.#redis = clientOf(connection);
  }

  /** The first announced ends, at most `most`; waits for one for `waitMs` if there is none. Others may get the same. */
  async due(most: number, waitMs: number): Promise<readonly DueWebhook[]> {
    const read = await this.#reader.xread('COUNT', most, 'BLOCK', waitMs, 'STREAMS', this.keys.webhooks, '0-0');
    const entries = (read as readonly [string, readonly StreamEntry[]][] | null)?.[0]?.[1] ?? [];
    return entries.map(([entry, fields]) => ({ entry, id: fields[1] ?? '' }));
  }

  /** The job with its result; undefined if it is not over (any more), or not known. */
  async read(id: string): Promise<JobAtItsEnd | undefined> {
    const [hash, counts, result] = await Promise.all([
      this.#redis.hgetall(this.keys.job(id)),
      this.#redis.hgetall(this.keys.model(id)),
      this.#redis.get(this.keys.result(id)),
    ]);
    if (!hash['state']) return undefined;
    const job = withCounts(id, hash, counts);
    if (!isOver(job.state)) return undefined;
    return { job, ...(result === null ? {} : { result: JSON.parse(result) as JobResult }) };
  }

  /** Removes the announcement of an end whose message is in the queue. */
  async done({ entry }: DueWebhook): Promise<void> {
    await this.#redis.xdel(this.keys.webhooks, entry);
  }
}
