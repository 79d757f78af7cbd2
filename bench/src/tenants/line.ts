import { ProfileQueue, Queues, RedisJobStore, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import { jobSpec } from '@remuda/testing';
import { ratioOf, spreadOf, type Line } from '../figure.js';
import { startOwnRedis } from '../parts/own-redis.js';
import { cpuOf } from '../parts/redis-cpu.js';

const tenants = 1_000;
// Short and many: what else runs on the machine then hits all ways alike.
const [rounds, claims] = [60, 100];
/** Each way has as many jobs in its queue: one more for each tenant than are claimed. */
const jobs = rounds * claims + tenants;

/** Whose jobs wait: only those of `default`, for whom there are no turns; those of another tenant; those of 1,000. */
const ways = { none: ['default'], one: ['t-0'], many: Array.from({ length: tenants }, (_, i) => `t-${i}`) } as const;
type Way = keyof typeof ways;

interface Cost {
  readonly us: number;
  /** CPU time of Redis, in µs. */
  readonly cpuUs: number;
}

/** What fair turns cost. */
export const fairTurns: Line = {
  name: 'fair-turns',
  about: `claims of jobs while those of ${tenants} tenants wait, against claims with one tenant`,
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const connection = connectRaw(redis.url, { name: 'bench' });
    const watch = connectRaw(redis.url, { name: 'watch' });
    const names = ['none', 'one', 'many'] as const;
    const all = {
      none: openQueue(connection, 'none'),
      one: openQueue(connection, 'one'),
      many: openQueue(connection, 'many'),
    };
    try {
      for (const way of names) await fill(connection, way, all[way].queue);
      const costs: Record<Way, Cost[]> = { none: [], one: [], many: [] };
      for (let round = 0; round < rounds; round++)
        for (let i = 0; i < names.length; i++) {
          const way = names[(round + i) % names.length] ?? 'none';
          costs[way].push(await claimSome(all[way].queue, watch));
        }
      return report(costs);
    } finally {
      for (const { queue, queues } of Object.values(all)) {
        await queue.close();
        await queues.close();
      }
      connection.disconnect();
      watch.disconnect();
    }
  },
};

function openQueue(connection: RawConnection, way: Way) {
  const queues = new Queues(connection, redisKeys(way));
  return { queues, queue: new ProfileQueue(queues, 'default', 's-0') };
}

async function fill(connection: RawConnection, way: Way, queue: ProfileQueue): Promise<void> {
  await queue.ready();
  const store = new RedisJobStore(connection, redisKeys(way), systemClock);
  const names = ways[way];
  const each = jobs / names.length;
  for (let nth = 0; nth < each; nth += 100)
    for (let from = 0; from < names.length; from += 100) {
      const some = names.slice(from, from + 100).map((tenant) => {
        const count = Math.min(100, each - nth);
        return Array.from({ length: count }, (_, i) => ({ id: `${tenant}-${nth + i}`, tenant, spec: jobSpec() }));
      });
      await Promise.all(some.map((made) => store.submit(made)));
    }
  await store.close();
}

async function claimSome(queue: ProfileQueue, watch: RawConnection): Promise<Cost> {
  const before = await cpuOf(watch);
  const began = performance.now();
  for (let nth = 0; nth < claims; nth++) if (!(await queue.claim())) throw new Error('no job was there');
  const us = ((performance.now() - began) * 1_000) / claims;
  return { us, cpuUs: ((await cpuOf(watch)) - before) / claims };
}

function report(costs: Readonly<Record<Way, readonly Cost[]>>) {
  const time = (way: Way): readonly number[] => costs[way].map(({ us }) => us);
  const cpu = (way: Way): readonly number[] => costs[way].map(({ cpuUs }) => cpuUs);
  const target = { atMost: 1.2 };
  return {
    figures: [
      { what: `a claim, ${tenants} tenants / one`, value: ratioOf(time('many'), time('one')), unit: 'x', target },
      { what: `CPU of Redis, ${tenants} tenants / one`, value: ratioOf(cpu('many'), cpu('one')), unit: 'x', target },
      { what: 'a claim, one tenant / no turns', value: ratioOf(time('one'), time('none')), unit: 'x' },
      { what: 'CPU of Redis, one tenant / no turns', value: ratioOf(cpu('one'), cpu('none')), unit: 'x' },
      { what: `CPU of Redis, ${tenants} tenants / no turns`, value: ratioOf(cpu('many'), cpu('none')), unit: 'x' },
      { what: `a claim, ${tenants} tenants`, value: spreadOf(time('many')), unit: 'µs' },
      { what: `CPU of Redis, ${tenants} tenants`, value: spreadOf(cpu('many')), unit: 'µs' },
      { what: 'CPU of Redis, one tenant', value: spreadOf(cpu('one')), unit: 'µs' },
      { what: 'CPU of Redis, no turns', value: spreadOf(cpu('none')), unit: 'µs' },
    ],
    notes: [
      `${rounds} rounds of ${claims} claims for each way, one after the other, by turns; ${jobs} jobs wait at first in each queue. Without turns: all jobs are of the tenant \`default\`.`,
    ],
  } as const;
}
