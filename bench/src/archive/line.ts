import { setTimeout } from 'node:timers/promises';
import { EndedJobs, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import { Store, type StorePlace } from '@remuda/store';
import { Projector } from '../../../apps/api/dist/history/projector.js';
import { spreadOf, type Figure, type Line } from '../figure.js';
import { startOwnRedis } from '../parts/own-redis.js';
import { endJobs, eventsOfJob } from './ended.js';
import { fillHistory, listTimes } from './listing.js';
import { startOwnPostgres } from './own-postgres.js';

const [defaultRounds, jobsOfRound] = [5, 1_000];
/** Jobs a minute, and for how many of them the lag is measured. */
const [perMinute, lagJobs] = [200, 200];
const history = 1_000_000;
const noPostgres = 'No PostgreSQL: there is no Docker engine with postgres:17.';
const log = { info: () => undefined, warn: () => undefined };

/** How fast the history is filled. */
export const projector: Line = {
  name: 'projector',
  about: 'jobs that are over go from Redis into the database',
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const rounds = Number(stage.env['REMUDA_BENCH_ROUNDS'] ?? defaultRounds);
    if (!(rounds >= 1)) throw new Error('REMUDA_BENCH_ROUNDS: expected a number of at least 1');
    const into = (place: StorePlace, name: string, atLeast: number) =>
      fill(redis.url, place, { name, atLeast, rounds });
    const figures = [...(await into({ folder: `${stage.dir}/store` }, 'PGlite', 2_000))];
    const notes = [
      `Each round: ${jobsOfRound} jobs with ${eventsOfJob} events of about 330 bytes that are over in Redis, as the scripts leave them, until the projector has archived all. Lag: ${lagJobs} of them, ${perMinute} a minute, each until Redis has the mark that it is archived. The database is on the same machine; PGlite's CPU time is a part of the projector's. \`REMUDA_BENCH_ROUNDS\` for another number of rounds.`,
    ];
    const postgres = await startOwnPostgres();
    if (!postgres) return { figures, notes: [...notes, noPostgres] };
    await using server = postgres;
    figures.push(...(await into(server, 'PostgreSQL', 5_000)));
    return { figures, notes };
  },
};

/** How fast the history is read. */
export const archive: Line = {
  name: 'archive',
  about: 'GET /jobs with two filters, of jobs that only the database has',
  run: async (stage) => {
    const jobs = Number(stage.env['REMUDA_BENCH_JOBS'] ?? history);
    if (!(jobs > 0)) throw new Error('REMUDA_BENCH_JOBS: expected a number above 0');
    await using redis = await startOwnRedis(stage);
    const postgres = await startOwnPostgres();
    if (!postgres) return { figures: [], notes: [noPostgres] };
    await using server = postgres;
    // it makes the tables
    const store = new Store(server, { clock: systemClock, log });
    await store.opened();
    await store.close();
    stage.say(`writing ${jobs} jobs into the database`);
    await fillHistory(server, jobs);
    const times = await listTimes(redis.url, server.url, stage.dir);
    return {
      figures: [
        { what: `GET /jobs, two filters, ${jobs} jobs, p95`, ...atMost(quantile(times, 0.95), 50) },
        { what: 'the same, median', value: spreadOf(times), unit: 'ms' },
      ],
      notes: [
        'Four kinds of filters by turns: state or label or both with a profile, one request after the other. `REMUDA_BENCH_JOBS` for fewer jobs.',
      ],
    };
  },
};

/** Events a second into one database, and the lag of single jobs. */
async function fill(
  redisUrl: string,
  place: StorePlace,
  { name, atLeast, rounds }: { readonly name: string; readonly atLeast: number; readonly rounds: number },
): Promise<readonly Figure[]> {
  const keys = redisKeys(`bench-${name.toLowerCase()}`);
  const connect = (): RawConnection => connectRaw(redisUrl, { name: 'bench' });
  const connections = [connect(), connect(), connect()] as const;
  const [redis, reader, writer] = connections;
  const store = new Store(place, { clock: systemClock, log });
  await store.opened();
  const ends = new EndedJobs(reader, writer, keys);
  const rates: number[] = [];
  const cpus: number[] = [];
  const parts = { ends, store, rules: { jobMs: {}, contentMs: {} }, clock: systemClock, log };
  for (let round = 0; round <= rounds; round++) {
    const ids = Array.from({ length: jobsOfRound }, (_, i) => `j-${round}-${i}`);
    for (let i = 0; i < ids.length; i += 100) await endJobs(redis, keys, ids.slice(i, i + 100));
    const filling = new Projector(parts);
    const [began, cpuBefore] = [performance.now(), process.cpuUsage()];
    filling.start();
    while ((await redis.xlen(keys.ends)) > 0) await setTimeout(2);
    rates.push((jobsOfRound * eventsOfJob * 1_000) / (performance.now() - began));
    const cpu = process.cpuUsage(cpuBefore);
    cpus.push((cpu.user + cpu.system) / (jobsOfRound * eventsOfJob));
    await filling.stop();
  }
  const filling = new Projector(parts);
  filling.start();
  const lags = await lagOf(redis, keys);
  await filling.stop();
  await store.close();
  for (const connection of connections) connection.disconnect();
  return [
    { what: `events into ${name}`, value: spreadOf(rates.slice(1)), unit: '/s', target: { atLeast } },
    { what: `CPU of the projector for an event into ${name}`, value: spreadOf(cpus.slice(1)), unit: 'µs' },
    { what: `lag of ${name}, ${perMinute} jobs/min, p99`, ...atMost(quantile(lags, 0.99), 1_000) },
    { what: `lag of ${name}, median`, value: spreadOf(lags), unit: 'ms' },
  ];
}

async function lagOf(redis: RawConnection, keys: ReturnType<typeof redisKeys>): Promise<readonly number[]> {
  const lags: Promise<number>[] = [];
  for (let i = 0; i < lagJobs; i++) {
    const id = `j-lag-${i}`;
    const began = performance.now();
    await endJobs(redis, keys, [id]);
    lags.push(
      (async () => {
        while (!(await redis.hget(keys.job(id), 'archived'))) await setTimeout(2);
        return performance.now() - began;
      })(),
    );
    await setTimeout(60_000 / perMinute);
  }
  return Promise.all(lags);
}

function atMost(value: number, target: number): Pick<Figure, 'value' | 'unit' | 'target'> {
  return { value: spreadOf([value]), unit: 'ms', target: { atMost: target } };
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}
