import type { Usage } from '@remuda/domain';
import { modelCount } from '@remuda/protocol';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import type { Redis } from 'ioredis';
import { translateRedisError } from '../connection/redis-error.js';
import { allTheSame } from '../script/script.js';

/**
 * The bridge's counts for each job, in the hash `model(job)`. Every call rejects with `redis.unavailable` in an outage.
 */
export class RedisModelCounts {
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
  }

  /** A request was sent to the model at `at` (epoch ms); the first of an attempt is recorded. */
  async requested(job: string, at: number): Promise<void> {
    const key = this.keys.model(job);
    await translated([this.#add(key, modelCount.requests, 1), this.#first(key, modelCount.firstRequestAt, at)]);
  }

  /** A request was refused. */
  async refused(job: string): Promise<void> {
    await translated([this.#add(this.keys.model(job), modelCount.refused, 1)]);
  }

  /** The model's first token arrived at `at` (epoch ms); the first of an attempt is recorded. */
  async answered(job: string, at: number): Promise<void> {
    await translated([this.#first(this.keys.model(job), modelCount.firstTokenAt, at)]);
  }

  /** The model refused a request because the account's usage limit is reached, until `resetAt` (epoch ms). */
  async limited(job: string, resetAt: number): Promise<void> {
    await translated([this.redis.hset(this.keys.model(job), modelCount.limitResetAt, resetAt)]);
  }

  /** Adds tokens and their estimated price in micro-dollars. */
  async used(job: string, usage: Usage, costMicroUsd: number): Promise<void> {
    const key = this.keys.model(job);
    const added = { ...usage, costMicroUsd };
    const fields = Object.keys(added) as (keyof typeof added)[];
    await translated(fields.filter((f) => added[f] !== 0).map((f) => this.#add(key, modelCount[f], added[f])));
  }

  /** A running job continues while Redis is full, and its cost is counted. */
  #add(key: string, field: string, by: number): Promise<unknown> {
    return this.redis.hincrby(key, field, by).catch(allTheSame(this.redis, 'HINCRBY', key, field, by));
  }

  #first(key: string, field: string, at: number): Promise<unknown> {
    return this.redis.hsetnx(key, field, at).catch(allTheSame(this.redis, 'HSETNX', key, field, at));
  }
}

async function translated<T>(commands: readonly Promise<T>[]): Promise<T[]> {
  try {
    return await Promise.all(commands);
  } catch (error) {
    throw translateRedisError(error);
  }
}
