import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { RemudaError } from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { isOutage } from '../connection/redis-error.js';
import { reportScript } from './report.lua.js';
import { workerRules } from './worker-rules.js';

/** Keys per step of the search for orphans, and steps per run. */
const [keysPerStep, stepsAtOnce] = [1_000, 2];

/** A worker's own Redis account. */
export interface WorkerAccount {
  readonly username: string;
  readonly password: string;
}

/** Creates and removes the workers' accounts. Needs the permissions of a Redis administrator. */
export class WorkerAccess {
  /** Where the search for orphans continues. */
  #cursor = '0';
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
  }

  /** Creates a worker's account; nobody else knows its password. `config.invalid` if Redis does not permit it. */
  async grant(worker: string): Promise<WorkerAccount> {
    const password = randomBytes(24).toString('base64url');
    const hash = createHash('sha256').update(password).digest('hex');
    await this.#teach();
    await this.#set(worker, hash);
    await this.redis.hset(this.keys.worker(worker), 'passwordHash', hash);
    return { username: accountName(worker), password };
  }

  /** Restores accounts and the workers' script that Redis lost in a restart or a failover. */
  async restore(workers: readonly string[]): Promise<void> {
    await this.#teach();
    const known = new Set((await this.redis.acl('USERS')).filter(isAccountName));
    for (const worker of workers) {
      if (known.has(accountName(worker))) continue;
      const hash = await this.redis.hget(this.keys.worker(worker), 'passwordHash');
      if (hash) await this.#set(worker, hash);
    }
  }

  /** Removes a worker's account and closes its connections. */
  async revoke(worker: string): Promise<void> {
    await this.redis.acl('DELUSER', accountName(worker));
  }

  /**
   * Removes keys of workers that are gone: an account may create any under its worker's names, and Redis has no list of
   * them. Checks some thousand keys each time, and so all of them over time.
   */
  async forgetOrphans(): Promise<void> {
    const { bull } = this.keys;
    for (let step = 0; step < stepsAtOnce; step++) {
      const [next, found] = await this.redis.scan(this.#cursor, 'MATCH', `${bull}:w*`, 'COUNT', keysPerStep);
      this.#cursor = next;
      await this.#removeOrphans(found);
      if (next === '0') return;
    }
  }

  /** A worker is registered before it has any keys, and its id is never reused. */
  async #removeOrphans(found: readonly string[]): Promise<void> {
    const owned = found.map((key) => [key, this.#ownerOf(key)] as const).filter(([, owner]) => owner !== undefined);
    if (owned.length === 0) return;
    const workers = new Set(await this.redis.smembers(this.keys.workers));
    const orphans = owned.filter(([, owner]) => !workers.has(owner ?? '')).map(([key]) => key);
    if (orphans.length > 0) await this.redis.unlink(...orphans);
  }

  /** The worker whose account can create a key, if any. */
  #ownerOf(key: string): string | undefined {
    const rest = key.slice(this.keys.bull.length + 1);
    return /^(?:wk:|worker\.)([a-z0-9-]{1,63}):/.exec(rest)?.[1];
  }

  /** An account that may not load scripts can run those that Redis has, by their hash. */
  async #teach(): Promise<void> {
    await this.redis.script('LOAD', reportScript.lua);
  }

  async #set(worker: string, passwordHash: string): Promise<void> {
    const rules = ['reset', 'on', `#${passwordHash}`, ...workerRules(this.keys, worker)];
    try {
      await this.redis.acl('SETUSER', accountName(worker), ...rules);
    } catch (error) {
      if (isOutage(error)) throw error;
      throw new RemudaError(
        'config.invalid',
        'Redis does not permit an account per worker. Give the scheduler a user that may run ACL SETUSER, or set REMUDA_REDIS_ACL=off.',
        { cause: error },
      );
    }
  }
}

const accountName = (worker: string): string => `remuda-${worker}`;
const isAccountName = (name: string): boolean => name.startsWith('remuda-');
