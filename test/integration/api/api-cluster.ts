import { startInProcessCluster } from '../cluster/in-process-cluster.js';
import { startRedis } from '../redis.js';
import type { TestRedis } from '../redis.js';
import { LedEngines } from './led-engine.js';
import type { LedTurn } from './led-engine.js';
import { startApi } from './running-api.js';
import type { RunningApi } from './running-api.js';

/** An api before a whole cluster in this process, whose turns the test leads. */
export interface ApiCluster {
  readonly api: RunningApi;
  readonly redis: TestRedis;
  readonly engines: LedEngines;
  /** Submits a job and waits until a worker has begun its turn. */
  begin(body?: object): Promise<{ readonly id: string; readonly led: LedTurn }>;
  stop(): Promise<void>;
}

/** Brings Redis, a scheduler, workers and the api up, with the options of the api. */
export async function startApiCluster(
  options: Pick<NonNullable<Parameters<typeof startApi>[1]>, 'env' | 'headers'> = {},
): Promise<ApiCluster> {
  const redis = await startRedis();
  const engines = new LedEngines();
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => engines.make() });
  const api = await startApi(redis.url, { ...options, namespace: cluster.namespace, profiles: [] });
  while ((await api.send('GET', '/api/v1/pools')).json.pools?.length !== 1);
  return {
    api,
    redis,
    engines,
    begin: async (body = {}) => {
      const answer = await api.send('POST', '/api/v1/jobs', { prompt: 'hi', ...body });
      return { id: answer.json.id, led: await engines.next() };
    },
    stop: async () => {
      await api.close();
      await cluster.stop();
      await redis.close();
    },
  };
}
