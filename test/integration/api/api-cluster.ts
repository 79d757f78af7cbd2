import type { TenantRules } from '@remuda/domain';
import type { SnapshotKeeper } from '../../../apps/worker/src/keepers.port.js';
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
  begin(
    body?: object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly id: string; readonly led: LedTurn }>;
  stop(): Promise<void>;
}

/** Options of the api, and the tenants' rules of the scheduler. */
type ApiClusterOptions = Pick<NonNullable<Parameters<typeof startApi>[1]>, 'env' | 'headers'> & {
  readonly tenants?: TenantRules;
};

/** Restores every session without a word: the test leads its turns anyway, and makes its snapshots. */
const snapshots: SnapshotKeeper = {
  watch: () => ({ note: () => undefined, stop: () => Promise.resolve() }),
  restore: () => Promise.resolve({ kind: 'restored' }),
  keep: () => Promise.resolve({ why: 'the test takes it' }),
};

/** Brings Redis, a scheduler, two workers and the api up. */
export async function startApiCluster({ tenants = {}, ...options }: ApiClusterOptions = {}): Promise<ApiCluster> {
  const redis = await startRedis();
  const engines = new LedEngines();
  const cluster = await startInProcessCluster({
    redisUrl: redis.url,
    tenants,
    snapshots,
    engine: () => engines.make(),
  });
  const api = await startApi(redis.url, { ...options, namespace: cluster.namespace, profiles: [] });
  while ((await api.send('GET', '/api/v1/pools')).json.pools?.length !== 1);
  return {
    api,
    redis,
    engines,
    begin: async (body = {}, headers = {}) => {
      const answer = await api.send('POST', '/api/v1/jobs', { prompt: 'hi', ...body }, headers);
      return { id: answer.json.id, led: await engines.next() };
    },
    stop: async () => {
      await api.close();
      await cluster.stop();
      await redis.close();
    },
  };
}
