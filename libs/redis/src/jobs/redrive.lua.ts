import { script } from '../script/script.js';

/**
 * Queues a failed job once more: same id, a fresh allowance, and what was to be forgotten is kept. Its place comes after.
 * KEYS: job, prompt, events, result, model, attempts, dead letters, unplaced, ttl, over, retained bytes. ARGV: id, now, event, ttl deadline or '',
 * fields to clear.
 * Gives {'redriven'}, {'unknown'}, {'state', state}, or {'gone'} where the prompt or the events are no longer held.
 */
export const redriveScript = script(`
local at = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'bytes')
if not at[1] then return {'unknown'} end
if at[1] ~= 'failed' then return {'state', at[1]} end
if redis.call('EXISTS', KEYS[2]) == 0 or redis.call('EXISTS', KEYS[3]) == 0 then return {'gone'} end
for k = 1, 6 do redis.call('PERSIST', KEYS[k]) end
redis.call('HSET', KEYS[1], 'state', 'queued', 'failures', 0, 'requeues', 0, 'redrivenAt', ARGV[2])
redis.call('HDEL', KEYS[1], unpack(ARGV, 5))
redis.call('DEL', KEYS[4])
if redis.call('ZREM', KEYS[10], ARGV[1]) == 1 then redis.call('INCRBY', KEYS[11], -(at[3] or 0)) end
redis.call('ZREM', KEYS[7], ARGV[1])
redis.call('ZADD', KEYS[8], ARGV[2], ARGV[1])
if ARGV[4] ~= '' then redis.call('ZADD', KEYS[9], ARGV[4], ARGV[1]) end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('XADD', KEYS[3], seq .. '-0', 'n', 1, 'a', at[2] or 0, 'd', ARGV[3])
return {'redriven'}
`);
