import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InstantEngine, type TurnScript, jobRef } from '@remuda/testing';
import { noUsage, type JobSpec, type SecretVault } from '@remuda/domain';
import { RedisLeases, Queues } from '@remuda/redis';
import { systemClock } from '@remuda/runtime';
import { contentsOf } from '../redis-contents.js';
import { startRedis, type TestRedis } from '../redis.js';
import { specOf, startInProcessCluster, type InProcessOptions, type Cluster } from './in-process-cluster.js';

const secret = 'xyzzy-plugh-4711';
const ended = { kind: 'succeeded', result: { text: `it is ${secret}`, turns: 1, usage: noUsage, costUsd: 0 } } as const;

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.close();
});

async function withCluster(
  engine: TurnScript,
  act: (cluster: Cluster) => Promise<void>,
  options: Partial<InProcessOptions> = {},
): Promise<void> {
  const cluster = await startInProcessCluster({
    redisUrl: redis.url,
    engine: () => new InstantEngine(engine),
    ...options,
  });
  try {
    await act(cluster);
  } finally {
    await cluster.stop();
  }
}

async function submit(cluster: Cluster, spec: Partial<JobSpec> = {}): Promise<string> {
  const id = `j-${randomUUID()}`;
  await cluster.store.submit([{ id, spec: specOf({ secrets: ['TOKEN'], ...spec }), secrets: { TOKEN: secret } }]);
  return id;
}

async function over(cluster: Cluster, id: string): Promise<void> {
  for await (const batch of cluster.events.follow(jobRef(id), 0, AbortSignal.timeout(30_000)))
    if (batch.length === 0) break;
}

/** The keys in which the secret is to be found. */
async function placesOf(cluster: Cluster): Promise<readonly string[]> {
  return [...(await contentsOf(cluster.redis))]
    .filter(([key, text]) => key.startsWith(cluster.keys.bull) && text.includes(secret))
    .map(([key]) => key);
}

/** The keys in which secrets are kept, encrypted. */
async function keptOf(cluster: Cluster): Promise<readonly string[]> {
  return [...(await contentsOf(cluster.redis)).keys()].filter(
    (key) => key.startsWith(cluster.keys.bull) && key.endsWith(':secrets'),
  );
}

test('secrets are in the environment of the turn, hidden in what it says, and never in Redis as they are', async () => {
  let found: unknown;
  let cluster: Cluster;
  let meanwhile: readonly string[] | undefined;
  await withCluster(
    async (turn, onEvent) => {
      found = turn.env;
      meanwhile = await placesOf(cluster);
      onEvent({ type: 'message.text', at: 1, data: { text: `I have ${secret}` } });
      return ended;
    },
    async (made) => {
      cluster = made;
      const id = await submit(made);
      await over(made, id);
      expect(found).toEqual({ TOKEN: secret });
      expect(await made.store.result(jobRef(id))).toMatchObject({ text: 'it is [secret TOKEN]' });
      expect(JSON.stringify((await made.events.page(jobRef(id), 0, 100)).events)).toContain('I have [secret TOKEN]');
      expect(await made.store.find(jobRef(id))).toMatchObject({ spec: { secrets: ['TOKEN'] } });
      expect(meanwhile).toEqual([]);
      await expect.poll(() => keptOf(made)).toEqual([]);
    },
  );
});

test('a second attempt has them again', async () => {
  const found: unknown[] = [];
  await withCluster(
    async (turn) => {
      found.push(turn.env);
      return found.length > 1
        ? ended
        : { kind: 'failed', failure: { code: 'engine.crashed', message: `at ${secret}`, lastLines: [secret] } };
    },
    async (made) => {
      const id = await submit(made);
      await over(made, id);
      expect(found).toEqual([{ TOKEN: secret }, { TOKEN: secret }]);
      await expect.poll(() => keptOf(made)).toEqual([]);
    },
  );
});

test('a worker that is used again is not, after a job with secrets', async () => {
  const workers = async (made: Cluster, ids: readonly string[]) =>
    Promise.all(ids.map(async (id) => (await made.store.find(jobRef(id)))?.worker));
  const profile = { pool: { warm: 1, max: 1 }, recycle: { afterJobs: 9, afterMs: 1e9, idleMs: 1e9 } };
  await withCluster(
    async () => ended,
    async (made) => {
      const ids: string[] = [];
      for (const secrets of [undefined, ['TOKEN'], undefined]) {
        const id = `j-${randomUUID()}`;
        const given = secrets ? { secrets: { TOKEN: secret } } : {};
        await made.store.submit([{ id, spec: specOf(secrets ? { secrets } : {}), ...given }]);
        await over(made, id);
        ids.push(id);
      }
      const [first, second, third] = await workers(made, ids);
      expect(second).toBe(first);
      expect(third).not.toBe(second);
    },
    { profile },
  );
});

describe('a job that is never started', () => {
  test('has none left when it is cancelled', () =>
    withCluster(
      async () => ended,
      async (made) => {
        const id = await submit(made, { runAt: Date.now() + 3_600_000 });
        expect(await keptOf(made)).toEqual([made.keys.secrets(id)]);
        await made.store.cancel(jobRef(id), 'not needed');
        expect(await keptOf(made)).toEqual([]);
      },
    ));

  test('has none left when it expires', () =>
    withCluster(
      async () => ended,
      async (made) => {
        const id = await submit(made, { runAt: Date.now() + 3_600_000 });
        const leases = new RedisLeases(new Queues(made.redis, made.keys), systemClock);
        await leases.failQueued(id, { code: 'job.expired', message: 'too late' });
        expect(await keptOf(made)).toEqual([]);
      },
    ));
});

test('a job whose secrets are gone fails, and is not carried out without them', async () => {
  let turns = 0;
  await withCluster(
    async () => {
      turns++;
      return ended;
    },
    async (made) => {
      const id = await submit(made, { runAt: Date.now() + 500 });
      await made.redis.del(made.keys.secrets(id));
      await over(made, id);
      expect(await made.store.find(jobRef(id))).toMatchObject({
        state: 'failed',
        failure: { code: 'job.secrets_gone' },
      });
      expect(turns).toBe(0);
    },
  );
});

describe('a job that names secrets of the operator', () => {
  const kept = new Map([
    ['default GITHUB_TOKEN', 'of-default'],
    ['other GITHUB_TOKEN', 'of-other'],
    ['default OPS_TOKEN', 'of-ops'],
  ]);
  const vault: SecretVault = { find: async (tenant, name) => kept.get(`${tenant} ${name}`) };
  const profile = { pool: { warm: 1, max: 1 }, secrets: ['OPS_TOKEN'] };

  test.each([
    ['default', { GITHUB_TOKEN: 'of-default', OPS_TOKEN: 'of-ops' }],
    ['other', { GITHUB_TOKEN: 'of-other', OPS_TOKEN: 'of-ops' }],
  ])('gets those of its tenant %s, and those of its profile', async (tenant, expected) => {
    let found: unknown;
    await withCluster(
      async (turn) => {
        found = turn.env;
        return ended;
      },
      async (made) => {
        const id = `j-${randomUUID()}`;
        await made.store.submit([{ id, tenant, spec: specOf({ namedSecrets: ['GITHUB_TOKEN'] }) }]);
        await expect
          .poll(() => made.store.find({ tenant, id }), { timeout: 30_000 })
          .toMatchObject({ state: 'succeeded' });
        expect(found).toEqual(expected);
      },
      { vault, profile },
    );
  });

  test('fails where its tenant has none of that name, and says which', async () => {
    await withCluster(
      async () => ended,
      async (made) => {
        const id = `j-${randomUUID()}`;
        await made.store.submit([{ id, tenant: 'other', spec: specOf({ namedSecrets: ['OPS_TOKEN_2'] }) }]);
        await expect
          .poll(() => made.store.find({ tenant: 'other', id }), { timeout: 30_000 })
          .toMatchObject({
            state: 'failed',
            failure: { code: 'job.secret_unknown', message: 'There is no secret OPS_TOKEN_2 for this job.' },
          });
      },
      { vault, profile },
    );
  });
});
