import type { RawConnection } from '@remuda/redis/testing';

/** All that a Redis holds, by key: to look for what must not be there. */
export async function contentsOf(redis: RawConnection): Promise<ReadonlyMap<string, string>> {
  const keys = await redis.keys('*');
  const entries = await Promise.all(keys.map(async (key) => [key, JSON.stringify(await read(redis, key))] as const));
  return new Map(entries);
}

async function read(redis: RawConnection, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1', 'WITHSCORES');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return undefined;
  }
}
