import { nowLua } from '../script/redis-time.js';
import { vitalScript } from '../script/script.js';

/**
 * Puts a claimed job back into its queue, to be claimed no earlier than a point in time.
 *
 * What it leaves is what BullMQ's own `moveToDelayed` would; a test compares them. BullMQ's takes the time from the local clock of whoever
 * calls it: with one that is an hour ahead the job would wait for an hour more. Left out is what nobody reads: BullMQ's
 * event stream, and the sign for consumers that block.
 *
 * KEYS: place, its lock, those that stalled, jobs that are taken, jobs by the time from which on they count. ARGV: id, lock, wakeAt.
 * Gives 1, or 0 where the job is not, or no longer, held under this lock: whoever has it now reads the record and does the same.
 */
export const parkScript = vitalScript(`
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('SREM', KEYS[3], ARGV[1])
if redis.call('LREM', KEYS[4], -1, ARGV[1]) == 0 then return 0 end${nowLua}
local at = tonumber(ARGV[3])
if at < now then at = now end
redis.call('HSET', KEYS[1], 'delay', at - now)
local before = redis.call('ZCOUNT', KEYS[5], at * 0x1000, at * 0x1000 + 0xfff)
if before > 0xfff then before = 0xfff end
redis.call('ZADD', KEYS[5], at * 0x1000 + before, ARGV[1])
return 1
`);
