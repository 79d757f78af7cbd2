import type { Redis } from 'ioredis';
import type { Clock, Idempotency, NewEvent, NewJob } from '@remuda/domain';
import type { RedisKeys } from '../keys.js';
import { translateRedisError } from '../connection/redis-error.js';
import { Groups } from './groups.js';
import { placeKeys, queuedJob, storedOptions } from '../queue/placing.js';
import { passOver } from '../connection/queue-log.js';
import { LargeArguments } from '../script/large-arguments.js';
import { run } from '../script/script.js';
import { submitScript, withdrawScript } from './submit.lua.js';

/** What a submission came to: its jobs are new, or they, or others, were submitted under its key before. */
export type Submitted = readonly [verdict: 'new' | 'repeated' | 'conflict', ids?: string];

/** So many jobs don't wait for others to come: while Redis writes them, the next ones are read and checked. */
const groupOf = 16;

/** The way of jobs into Redis: records and places in one step. */
export class Submissions {
  readonly #groups: Groups<NewJob, true>;
  /** What stands before a label in the key of its index. */
  readonly #labelStart: string;

  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
    private readonly idempotencyMs: number,
  ) {
    this.#labelStart = keys.labelled('');
    this.#groups = new Groups((jobs) => this.#addGroup(jobs), groupOf);
  }

  /** Takes all jobs in, or none. */
  async add(jobs: readonly NewJob[]): Promise<void> {
    await this.#groups.add(jobs);
  }

  /**
   * Takes all jobs in, or none, unless the key was used before. What is left behind where the answer was lost stays: with
   * its key the client finds it again.
   */
  async addOnce(jobs: readonly NewJob[], idempotency: Idempotency): Promise<Submitted> {
    try {
      return await this.#write(jobs, idempotency);
    } catch (error) {
      throw translateRedisError(error);
    }
  }

  async #addGroup(jobs: readonly NewJob[]): Promise<readonly true[]> {
    try {
      await this.#write(jobs);
      return jobs.map(() => true);
    } catch (error) {
      await this.#withdraw(jobs);
      throw translateRedisError(error);
    }
  }

  async #write(jobs: readonly NewJob[], idempotency?: Idempotency): Promise<Submitted> {
    const { keys } = this;
    const now = this.clock.now();
    const profiles = [...new Set(jobs.map(({ spec }) => spec.profile))];
    const allKeys = [keys.jobs, keys.ttl, idempotency ? keys.idempotency(idempotency.key) : keys.jobs];
    for (const profile of profiles) allKeys.push(...placeKeys(keys, profile));
    const args = new LargeArguments();
    await args.add([
      ...[now, idempotency?.fingerprint ?? '', this.idempotencyMs],
      ...[idempotency ? JSON.stringify(jobs.map(({ id }) => id)) : '', keys.wake, profiles.length],
      ...profiles,
      this.#labelStart,
    ]);
    for (const job of jobs) {
      allKeys.push(...this.#keysOf(job));
      const turn = args.add(this.#argsOf(job, { now, queue: profiles.indexOf(job.spec.profile) + 1 }));
      if (turn) await turn;
    }
    return (await run(this.redis, submitScript, allKeys, args.all)) as Submitted;
  }

  #keysOf({ id, spec }: NewJob): string[] {
    const { keys } = this;
    return [keys.job(id), keys.prompt(id), keys.events(id), keys.placed(spec.profile, id), keys.secrets(id)];
  }

  #argsOf({ id, spec: asked, secrets }: NewJob, at: { now: number; queue: number }): readonly (string | number)[] {
    const { prompt, ...spec } = asked;
    const { profile, priority, runAt, ttlMs } = spec;
    const { now, queue } = at;
    const data = { profile, priority, ...(runAt === undefined ? {} : { runAt }) };
    const event: NewEvent = { type: 'job.queued', at: now, data };
    const wakeAt = runAt !== undefined && runAt > now ? runAt : '';
    const expiry = ttlMs === undefined ? '' : Math.max(now, runAt ?? 0) + ttlMs;
    const labels = Object.entries(spec.labels).map(([key, value]) => `${key}=${value}`);
    return [
      ...[id, queue, JSON.stringify(spec), prompt, JSON.stringify([event]), priority, expiry, wakeAt],
      ...[JSON.stringify(queuedJob(spec)), storedOptions(id, spec, now), secrets ? JSON.stringify(secrets) : ''],
      labels.length > 0 ? JSON.stringify(labels) : '',
    ];
  }

  /** Takes back what may have been written. What can't be taken back now was sent, after all. */
  async #withdraw(jobs: readonly NewJob[]): Promise<void> {
    const { keys } = this;
    const theirs = jobs.flatMap((job) => [...placeKeys(keys, job.spec.profile).slice(0, 2), ...this.#keysOf(job)]);
    const ids = jobs.map(({ id }) => id);
    await run(this.redis, withdrawScript, [keys.jobs, keys.ttl, ...theirs], [this.#labelStart, ...ids]).catch(
      passOver(this.redis, 'jobs that may have been written could not be taken back', { jobs: ids }),
    );
  }
}
