import type { Redis } from 'ioredis';
import { run, vitalScript } from './script.js';

const leaderMs = 4_000;

/** KEYS: leader. ARGV: scheduler, ms. */
const leadScript = vitalScript(`
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`);

/** KEYS: leader. ARGV: scheduler. */
const giveUpScript = vitalScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`);

/** Takes or keeps the lead of something that one scheduler at a time should do; false while another one has it. */
export async function lead(redis: Redis, key: string, scheduler: string): Promise<boolean> {
  return (await run(redis, leadScript, [key], [scheduler, leaderMs])) === 1;
}

/** Gives the lead up, so that another scheduler can take it at once. */
export async function giveUpLead(redis: Redis, key: string, scheduler: string): Promise<void> {
  await run(redis, giveUpScript, [key], [scheduler]);
}
