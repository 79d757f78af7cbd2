import type { Redis } from 'ioredis';
import {
  RemudaError,
  type CancelAnswer,
  type Clock,
  type Idempotency,
  type JobBook,
  type JobQuery,
  type JobRecord,
  type JobResult,
  type JobState,
  type NewEvent,
  type NewJob,
} from '@remuda/domain';
import type { RedisKeys } from '@remuda/protocol';
import { translateRedisError } from './connect.js';
import { cancelScript } from './end-queued.lua.js';
import { Groups } from './groups.js';
import { listJobs, readJob } from './job-list.js';
import { announce, placeJobs } from './placing.js';
import { Queues } from './queues.js';
import { run } from './script.js';
import { submitScript, withdrawScript } from './submit.lua.js';

/** How long records outlive what they record, in ms. */
export interface Retention {
  /** A job's record, events and result after its end. Default 7 days. */
  readonly jobMs: number;
  /** An idempotency key after its first use. Default 24 h. */
  readonly idempotencyMs: number;
}

/** Seven days for jobs, a day for idempotency keys. */
export const defaultRetention: Retention = { jobMs: 7 * 86_400_000, idempotencyMs: 86_400_000 };

/** The jobs in Redis and their places in BullMQ's queues. The record is the truth, the place in the queue follows it. */
export class RedisJobBook implements JobBook {
  readonly #queues: Queues;
  readonly #submissions: Groups<NewJob, true>;

  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
    private readonly retention: Retention = defaultRetention,
  ) {
    this.#queues = new Queues(redis, keys);
    this.#submissions = new Groups((jobs) => this.#writeAll(jobs));
  }

  async submit(
    jobs: readonly NewJob[],
    idempotency?: Idempotency,
  ): Promise<{ ids: readonly string[]; repeated: boolean }> {
    if (!idempotency) {
      await this.#submissions.add(jobs);
      return { ids: jobs.map((job) => job.id), repeated: false };
    }
    const [verdict, known] = await this.#writeOnce(jobs, idempotency);
    if (verdict === 'conflict')
      throw new RemudaError('idempotency.conflict', 'This Idempotency-Key was used before, with another body.');
    if (verdict === 'repeated') return { ids: JSON.parse(known ?? '[]') as string[], repeated: true };
    return { ids: jobs.map((job) => job.id), repeated: false };
  }

  async find(id: string): Promise<JobRecord | undefined> {
    return readJob(this.redis, this.keys, id).catch(rethrow);
  }

  async list(query: JobQuery): Promise<{ readonly jobs: readonly JobRecord[]; readonly nextCursor?: string }> {
    return listJobs(this.redis, this.keys, query).catch(rethrow);
  }

  async position(job: Pick<JobRecord, 'id' | 'spec' | 'state'>): Promise<number | undefined> {
    if (job.state !== 'queued') return undefined;
    const queue = `${this.keys.bull}:${this.keys.jobQueue(job.spec.profile)}`;
    const [inWait, wait, rank] = await Promise.all([
      this.redis.lpos(`${queue}:wait`, job.id, 'RANK', -1),
      this.redis.llen(`${queue}:wait`),
      this.redis.zrank(`${queue}:prioritized`, job.id),
    ]).catch(rethrow);
    // BullMQ takes from the right end of `wait`, then from the low end of `prioritized`.
    if (inWait !== null) return wait - inWait;
    return rank === null ? undefined : wait + rank + 1;
  }

  async cancel(id: string, reason: string): Promise<CancelAnswer> {
    const { keys } = this;
    const now = this.clock.now();
    const failure = { code: 'job.cancelled', message: reason } as const;
    const over: NewEvent = { type: 'job.over', at: now, data: { state: 'cancelled', failure } };
    const requested: NewEvent = { type: 'job.cancel_requested', at: now, data: { reason } };
    const [kind, detail] = (await run(
      this.redis,
      cancelScript,
      [...jobKeys(keys, id), keys.ttl, keys.unplaced, keys.secrets(id)],
      [
        id,
        now,
        JSON.stringify([over]),
        JSON.stringify([requested]),
        this.retention.jobMs,
        ...controlAffixes(keys),
        JSON.stringify(failure),
      ],
    ).catch(rethrow)) as [CancelAnswer['kind'], string?];
    if (kind === 'over') return { kind, state: detail as JobState };
    // A job that is being claimed at this moment is locked: whoever claims it finds it cancelled.
    if (kind === 'cancelled')
      await this.#queues
        .jobs(detail ?? '')
        .remove(id)
        .catch(() => 0);
    return { kind };
  }

  async result(id: string): Promise<JobResult | undefined> {
    const text = await this.redis.get(this.keys.result(id)).catch(rethrow);
    return text === null ? undefined : (JSON.parse(text) as JobResult);
  }

  async close(): Promise<void> {
    await this.#queues.close();
  }

  /** Only the answer tells whether a key is new: so the places come after the records here. */
  async #writeOnce(jobs: readonly NewJob[], idempotency: Idempotency): Promise<[string, string?]> {
    try {
      const answer = await this.#write(jobs, idempotency);
      if (answer[0] === 'new') await this.#place(jobs);
      return answer;
    } catch (error) {
      await this.#withdraw(jobs, idempotency);
      throw translateRedisError(error);
    }
  }

  /** Records and places travel together. */
  async #writeAll(jobs: readonly NewJob[]): Promise<readonly true[]> {
    try {
      await Promise.all([this.#write(jobs), this.#place(jobs)]);
      return jobs.map(() => true);
    } catch (error) {
      await this.#withdraw(jobs);
      throw translateRedisError(error);
    }
  }

  async #place(jobs: readonly NewJob[]): Promise<void> {
    await placeJobs(this.#queues, jobs, this.clock.now());
    // Without it the jobs are placed again, harmlessly, and schedulers look by themselves before long.
    announce(this.#queues, jobs).catch(() => undefined);
  }

  async #write(jobs: readonly NewJob[], idempotency?: Idempotency): Promise<[string, string?]> {
    const { keys } = this;
    const now = this.clock.now();
    const guard = idempotency ? keys.idempotency(idempotency.key) : keys.jobs;
    const jobArgs = jobs.flatMap((job) => this.#submitArgs(job, now));
    return (await run(
      this.redis,
      submitScript,
      [...[keys.jobs, keys.unplaced, keys.ttl, guard], ...jobs.flatMap(({ id }) => newKeys(keys, id))],
      [
        now,
        idempotency?.fingerprint ?? '',
        this.retention.idempotencyMs,
        idempotency ? JSON.stringify(jobs.map((j) => j.id)) : '',
        ...jobArgs,
      ],
    )) as [string, string?];
  }

  #submitArgs({ id, spec: { prompt, ...spec }, secrets }: NewJob, now: number): (string | number)[] {
    const labels = Object.entries(spec.labels).map(([key, value]) => this.keys.jobsByLabel(key, value));
    const event: NewEvent = {
      type: 'job.queued',
      at: now,
      data: {
        profile: spec.profile,
        priority: spec.priority,
        ...(spec.runAt === undefined ? {} : { runAt: spec.runAt }),
      },
    };
    const expiry = spec.ttlMs === undefined ? '' : Math.max(now, spec.runAt ?? 0) + spec.ttlMs;
    return [
      id,
      JSON.stringify(spec),
      prompt,
      spec.profile,
      expiry,
      spec.runAt ?? '',
      JSON.stringify([event]),
      secrets ? JSON.stringify(secrets) : '',
      labels.length,
      ...labels,
    ];
  }

  /** Takes back what may have been written. What can't be taken back now is placed before long: it was sent, after all. */
  async #withdraw(jobs: readonly NewJob[], idempotency?: Idempotency): Promise<void> {
    const { keys } = this;
    const theirs = jobs.flatMap(({ id }) => newKeys(keys, id));
    const guard = idempotency ? [keys.idempotency(idempotency.key)] : [];
    const all = [keys.jobs, keys.unplaced, keys.ttl, ...theirs, ...guard];
    await run(
      this.redis,
      withdrawScript,
      all,
      jobs.map((job) => job.id),
    ).catch(() => undefined);
  }
}

/** The keys of one job in the order in which the scripts that end one take them. */
export function jobKeys(keys: RedisKeys, id: string): string[] {
  return [keys.job(id), keys.prompt(id), keys.events(id), keys.result(id), keys.model(id)];
}

/** The keys of a new job in the order in which the script that writes it takes them. */
function newKeys(keys: RedisKeys, id: string): string[] {
  return [keys.job(id), keys.prompt(id), keys.events(id), keys.secrets(id)];
}

/** What stands before and behind a worker's id in the name of its control stream. */
function controlAffixes(keys: RedisKeys): [string, string] {
  const [before = '', after = ''] = keys.workerControl('\0').split('\0');
  return [before, after];
}

function rethrow(error: unknown): never {
  throw translateRedisError(error);
}
