import { setTimeout as sleep } from 'node:timers/promises';
import { redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { fingerprint } from '../../../apps/scheduler/dist/profiles/profiles-file.js';
import { spreadOf, type Line } from '../figure.js';
import { part, until } from '../parts/cluster.js';
import { Member } from '../parts/member.js';
import { startOwnRedis } from '../parts/own-redis.js';
import { profileOf } from '../parts/profile.js';
import { cpuOf } from '../parts/redis-cpu.js';

const workers = 5_000;
const rounds = 4;
/** Over so long the idle scheduler's CPU is measured, in ms. */
const idleMs = 10_000;
const settleMs = 4_000;
const namespace = 'bench';

/** What becomes of a large fleet when its scheduler dies, and what it costs while nothing happens. */
export const takeOver: Line = {
  name: 'take-over',
  about: `the scheduler of ${workers} idle workers is killed, until another one has all of them; and what they cost`,
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const watch = connectRaw(redis.url, { name: 'bench' });
    const crew: Member[] = [];
    const begin = async (nth: number): Promise<Member> => {
      const args = [redis.url, namespace, String(workers), nameOf(nth), 'without-accounts'];
      const member = Member.start(part('scheduler'), args);
      crew.push(member);
      await member.ask({ what: 'start' });
      return member;
    };
    try {
      await register(watch);
      const speakers = Member.start(new URL('heartbeats.js', import.meta.url).pathname, [
        redis.url,
        namespace,
        String(workers),
      ]);
      crew.push(speakers);
      await speakers.ask({ what: 'start' });
      const since = performance.now();
      let owner = await begin(0);
      await until(async () => (await ownedBy(watch, nameOf(0))) === workers);
      const firstMs = performance.now() - since;
      await sleep(settleMs);

      const [ours, theirs] = [await owner.cpuUs(), await cpuOf(watch)];
      const idleSince = performance.now();
      await sleep(idleMs);
      const passedUs = (performance.now() - idleSince) * 1_000;
      const schedulerCpu = ((await owner.cpuUs()) - ours) / passedUs;
      const redisCpu = ((await cpuOf(watch)) - theirs) / passedUs;

      const times: number[] = [];
      for (let round = 1; round <= rounds; round++) {
        const next = await begin(round);
        await sleep(settleMs);
        const killedAt = performance.now();
        await owner.end();
        await until(async () => (await ownedBy(watch, nameOf(round))) === workers);
        times.push(performance.now() - killedAt);
        owner = next;
        stage.say(`taken over after ${times.at(-1)?.toFixed(0) ?? ''} ms`);
        await sleep(settleMs);
      }
      const kept = await ownedBy(watch, nameOf(rounds));
      if (kept !== workers) throw new Error(`${workers - kept} workers were lost after the last take-over`);
      return {
        figures: [
          {
            what: 'scheduler killed -> another one has all',
            value: spreadOf(times),
            unit: 'ms',
            target: { atMost: 2_000 },
          },
          { what: 'first scheduler begun -> it has all', value: spreadOf([firstMs]), unit: 'ms' },
          {
            what: 'CPU of the scheduler, of a core',
            value: spreadOf([schedulerCpu]),
            unit: 'x',
            target: { atMost: 0.1 },
          },
          { what: 'CPU of Redis, of a core', value: spreadOf([redisCpu]), unit: 'x', target: { atMost: 0.05 } },
        ],
        notes: [
          `The workers are records in Redis and streams with a heartbeat every two seconds each, ${workers / 2} a second in all; Redis' CPU includes writing these. They are idle; CPU over ${idleMs / 1_000} s.`,
        ],
      };
    } finally {
      for (const member of crew) await member.end();
      watch.disconnect();
    }
  },
};

const nameOf = (nth: number): string => `s-${nth}`;
const idOf = (nth: number): string => `w-${nth}`;

/** Writes the records of workers that nobody owns. */
async function register(redis: RawConnection): Promise<void> {
  const keys = redisKeys(namespace);
  const at = Date.now();
  const made = { profile: 'default', fingerprint: fingerprint(profileOf(workers)), engine: 'remote', release: 'bench' };
  const pipeline = redis.pipeline();
  for (let i = 0; i < workers; i++) {
    const id = idOf(i);
    const times = { startedAt: at, readyAt: at, idleSince: at, heartbeatAt: at };
    pipeline.hset(keys.worker(id), { ...made, ...times, phase: 'idle', jobsDone: 0, afterJobs: 1_000_000 });
    pipeline.sadd(keys.workers, id);
    pipeline.hset(keys.relayCursors, id, '0-0');
  }
  await pipeline.exec();
}

/** How many workers belong to this scheduler. */
async function ownedBy(redis: RawConnection, scheduler: string): Promise<number> {
  const keys = redisKeys(namespace);
  const owners = await redis.mget(Array.from({ length: workers }, (_, i) => keys.workerOwner(idOf(i))));
  return owners.filter((owner) => owner === scheduler).length;
}
