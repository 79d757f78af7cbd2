import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Forgetting, defaultRetention } from '@remuda/redis';
import { systemClock } from '@remuda/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startInProcessCluster, type Cluster } from '../cluster/in-process-cluster.js';
import { hasPostgres, startPostgres } from '../postgres.js';
import { startRedis, type TestRedis } from '../redis.js';
import { LedEngines } from './led-engine.js';
import { startApi, type RunningApi, type Told } from './running-api.js';

/** A database whose backups are tried. */
interface Place {
  readonly env: Readonly<Record<string, string>>;
  /** Whether its api has to stop for a backup. */
  readonly stops: boolean;
  backUp(): Promise<void>;
  /** Loses everything, and puts the backup in its place. No api uses it meanwhile. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

async function served(): Promise<Place> {
  const server = await startPostgres();
  const url = await server.database();
  return {
    ...{ env: { REMUDA_DATABASE_URL: url }, stops: false },
    ...{ backUp: () => server.dump(url), restore: () => server.restore(url), close: () => server.close() },
  };
}

async function embedded(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-backup-'));
  const [store, backup] = [join(folder, 'store'), join(folder, 'backup')];
  return {
    ...{ env: { REMUDA_STORE_DIR: store }, stops: true },
    backUp: () => cp(store, backup, { recursive: true }),
    restore: async () => {
      await rm(store, { recursive: true });
      await cp(backup, store, { recursive: true });
    },
    close: () => rm(folder, { recursive: true }),
  };
}

const places = [
  { name: 'PostgreSQL, by pg_dump and pg_restore', there: hasPostgres, open: served },
  { name: 'PGlite, by a copy of its folder', there: true, open: embedded },
];
/** The database may take seconds to start where others want the machine as well. */
const patience = { timeout: 120_000 };

describe.each(places)('a backup of $name', ({ there, open }) => {
  let place: Place;
  let redis: TestRedis;
  let cluster: Cluster;
  let api: RunningApi;
  const engines = new LedEngines();
  beforeAll(async () => {
    if (!there) return;
    place = await open();
    redis = await startRedis();
    cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => engines.make() });
    api = await openApi();
  }, 600_000);
  afterAll(async () => {
    if (!there) return;
    await api.close();
    await cluster.stop();
    await redis.close();
    await place.close();
  });

  async function openApi(): Promise<RunningApi> {
    const opened = await startApi(redis.url, { namespace: cluster.namespace, profiles: [], env: place.env });
    while (!/^remuda_archive_up{[^}]*} 1$/m.test((await opened.send('GET', '/metrics')).text)) await sleep(50);
    return opened;
  }

  const get = async (path: string): Promise<Told> => (await api.send('GET', `/api/v1${path}`)).json;

  async function submitted(): Promise<string> {
    return (await api.send('POST', '/api/v1/jobs', { prompt: 'Count pelicans', labels: { back: 'up' } })).json.id;
  }

  /** Has the job of a worker end; resolves when the archive has it, or with `recorded` once Redis has. */
  async function end(id: string, field: 'archived' | 'overAt' = 'archived'): Promise<string> {
    const led = await engines.next();
    led.say(`I am on ${id}.`);
    led.succeed({ text: `The end of ${id}.`, costUsd: 0.5 });
    await expect.poll(() => cluster.redis.hget(cluster.keys.job(id), field), patience).not.toBeNull();
    return id;
  }

  /** Has Redis forget jobs, which the archive says to have. */
  async function forget(...ids: readonly string[]): Promise<void> {
    const forgetting = new Forgetting(cluster.redis, cluster.keys, { ...defaultRetention, recentMs: 0 });
    await expect
      .poll(async () => {
        await forgetting.forget(systemClock.now() + 1_000);
        return cluster.redis.exists(...ids.map((id) => cluster.keys.job(id)));
      }, patience)
      .toBe(0);
  }

  /** Everything that is said of jobs. */
  async function told(ids: readonly string[]): Promise<readonly unknown[]> {
    const ask = (id: string) =>
      ['', '/result', '/events', '/attempts'].map((path) => api.send('GET', `/api/v1/jobs/${id}${path}`));
    const answers = await Promise.all(ids.flatMap(ask));
    return answers.map(({ status, json }) => ({ status, json }));
  }

  async function listed(): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let cursor = ''; ;) {
      const page = await get(`/jobs?label=back:up&state=succeeded&limit=2${cursor}`);
      ids.push(...page.jobs.map(({ id }) => id));
      if (page.nextCursor === undefined) return ids;
      cursor = `&cursor=${page.nextCursor}`;
    }
  }

  test.skipIf(!there)(
    'has the same jobs, events and lists after it was restored, and what ended since and is in Redis, each once',
    async () => {
      const [first, second] = [await end(await submitted()), await end(await submitted())];
      await forget(first);
      if (place.stops) await api.close();
      await place.backUp();
      if (place.stops) api = await openApi();
      const third = await end(await submitted());
      const fourth = await submitted();
      const known = [first, second, third];
      const before = await told(known);
      await api.close();
      await end(fourth, 'overAt');
      await place.restore();
      api = await openApi();

      const kept = async (): Promise<boolean> => (await api.send('GET', '/api/v1/usage')).text.includes('"jobs":4,');
      await expect.poll(kept, patience).toBe(true);
      expect(await told(known)).toEqual(before);
      await forget(second, third, fourth);
      expect(await told(known)).toEqual(before);
      expect(await listed()).toEqual([fourth, third, second, first]);
      const { days } = (await get('/usage')) as unknown as { readonly days: readonly { readonly costUsd: number }[] };
      expect(days.reduce((sum, { costUsd }) => sum + costUsd, 0)).toBe(2);
    },
    600_000,
  );
});
