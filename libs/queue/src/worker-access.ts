import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { RemudaError } from '@remuda/domain';
import type { RedisKeys } from '@remuda/protocol';
import { isOutage } from './connect.js';

/**
 * The least commands known to let a BullMQ consumer run, and no keys but the worker's own. Without `+info` the consumer
 * spins; `script|flush`, functions and the commands that walk over keys would reach beyond its own.
 */
const commands = [
  ...['+@all', '-@dangerous', '-@admin', '+info', '-client', '+client|setname', '+client|id'],
  ...['-script|flush', '-function', '-fcall', '-fcall_ro', '-scan', '-randomkey', '-keys', '-publish', '-spublish'],
];

/** A worker's own account at Redis. */
export interface WorkerAccount {
  readonly username: string;
  readonly password: string;
}

/** Makes and removes the workers' accounts. Needs the rights of a Redis administrator. */
export class WorkerAccess {
  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
  ) {}

  /** Makes a worker's account; its password is known to nobody else. `config.invalid` where Redis gives us no such right. */
  async grant(worker: string): Promise<WorkerAccount> {
    const password = randomBytes(24).toString('base64url');
    const hash = createHash('sha256').update(password).digest('hex');
    await this.#set(worker, hash);
    await this.redis.hset(this.keys.worker(worker), 'passwordHash', hash);
    return { username: accountName(worker), password };
  }

  /** Makes accounts again that Redis forgot: after a restart or a failover. */
  async restore(workers: readonly string[]): Promise<void> {
    const known = new Set((await this.redis.acl('USERS')).filter(isAccountName));
    for (const worker of workers) {
      if (known.has(accountName(worker))) continue;
      const hash = await this.redis.hget(this.keys.worker(worker), 'passwordHash');
      if (hash) await this.#set(worker, hash);
    }
  }

  /** Removes a worker's account and ends its connections. */
  async revoke(worker: string): Promise<void> {
    await this.redis.acl('DELUSER', accountName(worker));
  }

  async #set(worker: string, passwordHash: string): Promise<void> {
    const { bull } = this.keys;
    const own = [`~${bull}:wk:${worker}:*`, `~${bull}:${this.keys.workerQueue(worker)}:*`];
    try {
      await this.redis.acl(
        'SETUSER',
        accountName(worker),
        'reset',
        'on',
        `#${passwordHash}`,
        'resetchannels',
        ...own,
        ...commands,
      );
    } catch (error) {
      if (isOutage(error)) throw error;
      throw new RemudaError(
        'config.invalid',
        'Redis does not let us make an account per worker. Give the scheduler a user with the right to ACL SETUSER, or set REMUDA_REDIS_ACL=off.',
        { cause: error },
      );
    }
  }
}

const accountName = (worker: string): string => `remuda-${worker}`;
const isAccountName = (name: string): boolean => name.startsWith('remuda-');
