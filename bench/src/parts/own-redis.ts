import { openRedis } from '../../../apps/local/dist/redis/local-redis.js';
import type { Stage } from '../figure.js';

/** A Redis for one line alone, set up as the local cluster's is: append-only file, no eviction. */
export interface OwnRedis {
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts one; a Redis that the environment names is left alone, since a benchmark fills it. */
export async function startOwnRedis({ env, dir, say }: Stage): Promise<OwnRedis> {
  const redis = await openRedis({ env: { ...env, REMUDA_REDIS_URL: undefined }, dir, say });
  return { url: redis.url, [Symbol.asyncDispose]: () => redis.stop() };
}
