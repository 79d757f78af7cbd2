import type { Redis } from 'ioredis';
import {
  RemudaError,
  defaultTenant,
  type CancelAnswer,
  type Clock,
  type Idempotency,
  type JobOutlook,
  type JobPage,
  type JobStore,
  type JobQuery,
  type JobRecord,
  type JobRef,
  type JobResult,
  type JobState,
  type NewEvent,
  type NewJob,
  type SecretSeal,
} from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { translateRedisError } from '../connection/redis-error.js';
import { cancelScript } from './end-queued.lua.js';
import { endedArgsOf, endedKeysOf } from './job-keys.js';
import { isTenants, listJobs, readJob } from './job-list.js';
import { passOver } from '../connection/queue-log.js';
import { Queues } from '../queue/queues.js';
import { defaultRetention, keysEndMs } from '../retention/retention.js';
import { affixesOf } from '../script/script.js';
import { firstScoreOf } from '../tenants/lines.lua.js';
import { readOutlook } from '../tenants/outlook.js';
import { SubmitLimits } from '../tenants/submit-limits.js';
import { Submissions } from './submissions.js';

/** The jobs in Redis and their places in BullMQ's queues. The record is the truth, the place in the queue follows it. */
export class RedisJobStore implements JobStore {
  readonly #queues: Queues;
  readonly #submissions: Submissions;
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
    idempotencyMs = defaultRetention.idempotencyMs,
    seal?: SecretSeal,
  ) {
    this.redis = clientOf(connection);
    this.#queues = new Queues(connection, keys);
    const limits = new SubmitLimits(connection, keys, clock);
    this.#submissions = new Submissions(this.redis, keys, clock, idempotencyMs, seal, limits);
  }

  async submit(
    jobs: readonly NewJob[],
    idempotency?: Idempotency,
  ): Promise<{ ids: readonly string[]; repeated: boolean }> {
    if (!idempotency) {
      await this.#submissions.add(jobs);
      return { ids: jobs.map((job) => job.id), repeated: false };
    }
    const [verdict, known] = await this.#submissions.addOnce(jobs, idempotency);
    if (verdict === 'conflict')
      throw new RemudaError('idempotency.conflict', 'This Idempotency-Key was already used with a different body.');
    if (verdict === 'repeated') return { ids: JSON.parse(known ?? '[]') as string[], repeated: true };
    return { ids: jobs.map((job) => job.id), repeated: false };
  }

  async find(job: JobRef): Promise<JobRecord | undefined> {
    return readJob(this.redis, this.keys, job).catch(rethrow);
  }

  async list(query: JobQuery): Promise<JobPage> {
    if (query.words !== undefined)
      throw new RemudaError('store.unavailable', 'Jobs are found by words in a database only, and there is none.');
    return listJobs(this.redis, this.keys, query).catch(rethrow);
  }

  async position(job: Pick<JobRecord, 'id' | 'spec' | 'state'>): Promise<number | undefined> {
    if (job.state !== 'queued') return undefined;
    const queue = `${this.keys.bull}:${this.keys.jobQueue(job.spec.profile)}`;
    const [inWait, wait, rank, score] = await Promise.all([
      this.redis.lpos(`${queue}:wait`, job.id, 'RANK', -1),
      this.redis.llen(`${queue}:wait`),
      this.redis.zrank(`${queue}:prioritized`, job.id),
      this.redis.zscore(`${queue}:prioritized`, job.id),
    ]).catch(rethrow);
    // BullMQ takes from the right end of `wait`, then from the low end of `prioritized`, where each tenant has a range.
    if (inWait !== null) return wait - inWait;
    if (rank === null) return undefined;
    const line = firstScoreOf(Number(score));
    const before = line === 0 ? 0 : await this.redis.zcount(`${queue}:prioritized`, '-inf', line - 1).catch(rethrow);
    return wait + Math.max(0, rank - before) + 1;
  }

  async outlook(job: Pick<JobRecord, 'id' | 'tenant' | 'spec' | 'state'>): Promise<JobOutlook | undefined> {
    const position = await this.position(job);
    if (position === undefined) return undefined;
    const at = { position, now: this.clock.now() };
    return readOutlook(this.redis, this.keys, job, at).catch(rethrow);
  }

  async cancel({ tenant, id }: JobRef, reason: string): Promise<CancelAnswer> {
    const { keys } = this;
    const now = this.clock.now();
    const failure = { code: 'job.cancelled', message: reason } as const;
    const over: NewEvent = { type: 'job.over', at: now, data: { state: 'cancelled', failure } };
    const requested: NewEvent = { type: 'job.cancel_requested', at: now, data: { reason } };
    const [beforeControl, behindControl] = affixesOf((worker) => keys.workerControl(worker));
    const [kind, detail] = (await cancelScript
      .run(this.redis, {
        keys: { ...endedKeysOf(keys, id), ttl: keys.ttl, unplaced: keys.unplaced },
        args: {
          ...{
            id,
            tenant,
            defaultTenant,
            now,
            keysEndMs,
            beforeControl,
            behindControl,
            failure: JSON.stringify(failure),
          },
          ...{ overEvents: JSON.stringify([over]), requestedEvents: JSON.stringify([requested]) },
          ...endedArgsOf(keys),
        },
      })
      .catch(rethrow)) as [CancelAnswer['kind'], string?];
    if (kind === 'over') return { kind, state: detail as JobState };
    // A job that is being claimed at this moment is locked: whoever claims it finds it cancelled.
    if (kind === 'cancelled')
      await this.#queues
        .jobs(detail ?? '')
        .remove(id)
        .catch(passOver(this.redis, "removing a cancelled job's place failed and will be tried again", { job: id }));
    return { kind };
  }

  async result(job: JobRef): Promise<JobResult | undefined> {
    const { redis, keys } = this;
    const asked = Promise.all([isTenants(redis, keys, job), redis.get(keys.result(job.id))]);
    const [allowed, text] = await asked.catch(rethrow);
    return text === null || !allowed ? undefined : (JSON.parse(text) as JobResult);
  }

  async prompt(job: JobRef): Promise<string | undefined> {
    const { redis, keys } = this;
    const asked = Promise.all([isTenants(redis, keys, job), redis.get(keys.prompt(job.id))]);
    const [allowed, text] = await asked.catch(rethrow);
    return allowed ? (text ?? undefined) : undefined;
  }

  async close(): Promise<void> {
    await this.#queues.close();
  }
}

function rethrow(error: unknown): never {
  throw translateRedisError(error);
}
