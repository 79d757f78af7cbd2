import type { Redis } from 'ioredis';
import { allTheSame } from './script.js';

const leaderMs = 4_000;

/** Takes or keeps the lead of something that one scheduler at a time should do; false while another one has it. */
export async function lead(redis: Redis, key: string, scheduler: string): Promise<boolean> {
  const asFull = allTheSame(redis, 'SET', key, scheduler, 'PX', leaderMs, 'NX');
  const taken = await redis.set(key, scheduler, 'PX', leaderMs, 'NX').catch(asFull);
  if (taken === 'OK') return true;
  if ((await redis.get(key)) !== scheduler) return false;
  await redis.pexpire(key, leaderMs);
  return true;
}

/** Gives the lead up, so that another scheduler can take it at once. */
export async function giveUpLead(redis: Redis, key: string, scheduler: string): Promise<void> {
  if ((await redis.get(key)) === scheduler) await redis.del(key);
}
