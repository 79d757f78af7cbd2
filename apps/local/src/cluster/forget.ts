import { connectRedis, forgetNamespace as forgetAll } from '@remuda/redis';

/** Deletes every key of a namespace: for a temporary cluster in a Redis that stays. */
export async function forgetNamespace(redisUrl: string, namespace: string): Promise<void> {
  const redis = connectRedis(redisUrl, { name: 'remuda-local' });
  try {
    await forgetAll(redis, namespace);
  } finally {
    redis.close();
  }
}
