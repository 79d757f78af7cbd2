import { connectRedis, redisKeys } from '@remuda/redis';

/** Deletes every key of a namespace. For a cluster that was only tried out, in a Redis that stays. */
export async function forgetNamespace(redisUrl: string, namespace: string): Promise<void> {
  const redis = connectRedis(redisUrl, { name: 'remuda-local' });
  try {
    const pages = redis.scanStream({ match: `${redisKeys(namespace).bull}:*`, count: 1_000 });
    for await (const keys of pages as AsyncIterable<string[]>) if (keys.length > 0) await redis.unlink(...keys);
  } finally {
    redis.disconnect();
  }
}
