import type { Redis } from 'ioredis';
import {
  failureCodes,
  failureRule,
  type Clock,
  type DeadLetterFilter,
  type DeadLetterQuery,
  type DeadLetters,
  type EndedAttempt,
  type JobRecord,
  type JobRef,
  type NewEvent,
  type Redriven,
} from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { readAttempt } from '../leases/attempt-entry.js';
import { translateRedisError } from '../connection/redis-error.js';
import { retiredKeysOf } from './job-keys.js';
import { retriedField } from './job-hash.js';
import { isTenants, pageOf, readJob } from './job-list.js';
import { placeAgain } from '../queue/placing.js';
import { passOver } from '../connection/queue-log.js';
import { Queues } from '../queue/queues.js';
import { redriveScript } from './redrive.lua.js';

/** What a job that is redriven has no longer: its end, what it gave, and what it used up. */
const cleared = [
  ...[
    'overAt',
    'failure',
    'wakeAt',
    'worker',
    'lock',
    'grant',
    'cancelRequestedAt',
    'turns',
    'usage',
    'costUsd',
    'bytes',
  ],
  ...failureCodes.map(retriedField),
];

/** The failed jobs that need a person, in Redis: an index by the time of their end, and each one's attempts. */
export class RedisDeadLetters implements DeadLetters {
  readonly #queues: Queues;
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
  ) {
    this.redis = clientOf(connection);
    this.#queues = new Queues(connection, keys);
  }

  async attempts(job: JobRef): Promise<readonly EndedAttempt[]> {
    const { redis, keys } = this;
    const asked = Promise.all([isTenants(redis, keys, job), redis.lrange(keys.attempts(job.id), 0, -1)]);
    const [allowed, entries] = await asked.catch(rethrow);
    return (allowed ? entries : []).map(readAttempt).filter((attempt) => attempt !== undefined);
  }

  async list(query: DeadLetterQuery): Promise<{ readonly jobs: readonly JobRecord[]; readonly nextCursor?: string }> {
    const { redis, keys } = this;
    const index = { redis, keys, index: keys.deadLetters, fits: (job: JobRecord) => fits(job, query) };
    return pageOf(index, { ...query, state: 'failed' }).catch(rethrow);
  }

  async redrive(asked: JobRef): Promise<Redriven> {
    const { redis, keys } = this;
    const { id } = asked;
    const job = await readJob(redis, keys, asked).catch(rethrow);
    if (!job) return { kind: 'unknown' };
    const now = this.clock.now();
    const event: NewEvent = { type: 'job.redriven', at: now, data: { attempts: job.spec.attempts } };
    const { ttlMs } = job.spec;
    const { deadLetters, unplaced, ttl } = keys;
    const [kind, state] = (await redriveScript
      .run(redis, {
        keys: {
          ...{ ...retiredKeysOf(keys, id), deadLetters, unplaced, ttl },
          tenantWaiting: `${keys.tenant(job.tenant)}:waiting`,
        },
        args: { id, now, redrivenEvents: JSON.stringify([event]), deadline: ttlMs === undefined ? '' : now + ttlMs },
        rest: cleared,
      })
      .catch(rethrow)) as ['redriven' | 'unknown' | 'state' | 'turn' | 'gone', string?];
    if (kind === 'unknown') return { kind };
    if (kind === 'state')
      return { kind: 'refused', reason: `The job is ${state ?? ''}; only a failed one can be redriven.` };
    if (kind === 'turn')
      return {
        kind: 'refused',
        reason: 'The job is a turn of a session, which has gone on; send it as a further turn.',
      };
    if (kind === 'gone') return { kind: 'refused', reason: "The job's prompt or its events are no longer kept." };
    // From here on the job is queued, whatever becomes of its place: what is not placed now is placed before long.
    await placeAgain(this.#queues, job, now).catch(
      passOver(redis, 'placing a redriven job failed and will be tried again', { job: id }),
    );
    return { kind: 'redriven' };
  }

  async close(): Promise<void> {
    await this.#queues.close();
  }
}

/** Failed jobs that need a person. */
export function countDeadLetters(connection: RedisConnection, keys: RedisKeys): Promise<number> {
  return clientOf(connection).zcard(keys.deadLetters);
}

function fits({ failure }: JobRecord, query: DeadLetterFilter): boolean {
  return (
    failure !== undefined &&
    (query.code === undefined || failure.code === query.code) &&
    (query.class === undefined || failureRule(failure.code).class === query.class)
  );
}

function rethrow(error: unknown): never {
  throw translateRedisError(error);
}
