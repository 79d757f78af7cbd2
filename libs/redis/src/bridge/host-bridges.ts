import type { HostBridgeRecord, HostBridges } from '@remuda/domain';
import { isRecord, parseJson } from '@remuda/protocol';
import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { translateRedisError } from '../connection/redis-error.js';
import type { RedisKeys } from '../keys.js';

/** What host bridges report: a key for each, which expires, and an index of their names, which is cleaned when read. */
export class RedisHostBridges implements HostBridges {
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
  }

  async report(bridge: HostBridgeRecord, keepMs: number): Promise<void> {
    const { name } = bridge;
    const key = this.keys.hostBridge(name);
    await translated(
      this.redis
        .multi()
        .set(key, JSON.stringify(bridge), 'PX', keepMs)
        .sadd(this.keys.hostBridges, name)
        // Nobody may ever read it.
        .pexpire(this.keys.hostBridges, 86_400_000)
        .exec(),
    );
  }

  async forget(name: string): Promise<void> {
    await translated(this.redis.multi().del(this.keys.hostBridge(name)).srem(this.keys.hostBridges, name).exec());
  }

  async all(): Promise<readonly HostBridgeRecord[]> {
    const names = (await translated(this.redis.smembers(this.keys.hostBridges))).sort();
    if (names.length === 0) return [];
    const values = await translated(this.redis.mget(names.map((name) => this.keys.hostBridge(name))));
    const gone = names.filter((_, i) => values[i] === null);
    if (gone.length > 0) await translated(this.redis.srem(this.keys.hostBridges, ...gone));
    return values.flatMap((value) => {
      const read = parseJson(value ?? '');
      return isRecord(read) ? [read as unknown as HostBridgeRecord] : [];
    });
  }
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw translateRedisError(error);
  }
}
