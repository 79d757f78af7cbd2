import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { redisKeys } from '../keys.js';

/** Removes every key of a namespace: all that there is of a cluster. */
export async function forgetNamespace(connection: RedisConnection, namespace: string): Promise<void> {
  const redis = clientOf(connection);
  const pages = redis.scanStream({ match: `${redisKeys(namespace).bull}:*`, count: 1_000 });
  for await (const keys of pages as AsyncIterable<string[]>) if (keys.length > 0) await redis.unlink(...keys);
}
