import { setTimeout } from 'node:timers/promises';
import { EndedJobs, Forgetting, defaultRetention, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import { Store } from '@remuda/store';
import { Projector } from '../../../apps/api/dist/history/projector.js';
import { spreadOf, type Line } from '../figure.js';
import { startOwnRedis } from '../parts/own-redis.js';
import { Lane } from './lane.js';

/** After so many jobs the memory is first looked at. */
const first = 10_000;
/** Jobs in all, if `REMUDA_BENCH_JOBS` does not say another number. */
const defaultJobs = 20_000;
/** How much jobs that are over may take in Redis: less than by default, so that fewer jobs reach it. */
const recentBytes = 8 * 1_048_576;
const lanes = 16;
const forgetEveryMs = 100;
/** Jobs between two lines of progress. */
const sayEvery = 50_000;
const log = { info: () => undefined, warn: () => undefined };

/** Whether Redis' memory stays flat, however many jobs there were. */
export const memory: Line = {
  name: 'memory',
  about: 'memory of Redis after many small jobs, with a history, against that after 10,000',
  run: async (stage) => {
    const jobs = Number(stage.env['REMUDA_BENCH_JOBS'] ?? defaultJobs);
    if (!(jobs > first)) throw new Error(`REMUDA_BENCH_JOBS: expected a number above ${first}`);
    await using redis = await startOwnRedis(stage);
    const keys = redisKeys('bench');
    const connections = Array.from({ length: 3 }, () => connectRaw(redis.url, { name: 'bench' }));
    const [connection, reader, writer] = connections as [RawConnection, RawConnection, RawConnection];
    const ends = new EndedJobs(reader, writer, keys);
    const store = new Store({ folder: `${stage.dir}/store` }, { clock: systemClock, log });
    await store.opened();
    await ends.require();
    const projector = new Projector({ ends, store, rules: { jobMs: {}, contentMs: {} }, clock: systemClock, log });
    projector.start();
    const forgetting = new Forgetting(connection, keys, { ...defaultRetention, recentBytes });
    const crew = await Promise.all(Array.from({ length: lanes }, (_, i) => Lane.open(connection, keys, i)));
    try {
      let done = 0;
      const run = async (count: number): Promise<number> => {
        let left = count;
        let isDone = false;
        const forget = async (): Promise<void> => {
          while (!isDone) {
            await forgetting.forget(Date.now());
            await setTimeout(forgetEveryMs);
          }
        };
        const forgot = forget();
        await Promise.all(
          crew.map(async (lane) => {
            while (left-- > 0) {
              await lane.carryOut();
              if (++done % sayEvery === 0) stage.say(`${done} of ${jobs} jobs`);
            }
          }),
        );
        while ((await connection.xlen(keys.ends)) > 0) await setTimeout(20);
        isDone = true;
        await forgot;
        await forgetting.forget(Date.now());
        return (await usedBytes(connection)) / 1e6;
      };
      const early = await run(first);
      const kept = await connection.zcard(keys.over);
      const late = await run(jobs - first);
      return {
        figures: [
          {
            what: `memory after ${jobs} jobs / after ${first}`,
            value: spreadOf([late / early]),
            unit: 'x',
            target: { atMost: 1.1 },
          },
          { what: `memory after ${first} jobs`, value: spreadOf([early]), unit: 'MB' },
          { what: `memory after ${jobs} jobs`, value: spreadOf([late]), unit: 'MB' },
        ],
        notes: [
          `Jobs go through the real scripts, from submission to end, into PGlite; of those that are over Redis keeps ${recentBytes / 1_048_576} MiB here (64 by default), which ${kept} of the first ${first} fill. \`REMUDA_BENCH_JOBS=1000000\` for more of them.`,
        ],
      };
    } finally {
      await projector.stop();
      await Promise.all(crew.map((lane) => lane.close()));
      await store.close();
      for (const each of connections) each.disconnect();
    }
  },
};

async function usedBytes(redis: RawConnection): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1] ?? NaN);
}
