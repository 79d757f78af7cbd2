import { nowLua } from '../script/redis-time.js';
import { script } from '../script/script.js';

/**
 * Takes the first job from a profile's queue, and gives its record and its prompt along with it.
 *
 * What it leaves is what BullMQ's own `moveToActive` would; a test compares them. Left out is what a profile's queue has not: a rate
 * limit, a limit of jobs at once, and consumers who wait for a sign; and BullMQ's event stream, which nobody reads.
 *
 * KEYS: jobs that were given back, jobs that are taken, jobs by priority, jobs by the time from which on they count, counter of
 * priorities, BullMQ's notes on the queue, beginning of a place's key. ARGV: lock, lock ms, scheduler, what stands before and
 * behind an id in the key of a record, and in that of a prompt.
 * Gives nothing, or the id, the time at which it got its place, the time of the claim, fields and values of the record, and the
 * prompt, if there is one.
 */
export const claimScript = script(`
if redis.call('HEXISTS', KEYS[6], 'paused') == 1 then return end${nowLua}
local due = redis.call('ZRANGEBYSCORE', KEYS[4], 0, (now + 1) * 0x1000 - 1, 'LIMIT', 0, 1000)
for _, id in ipairs(due) do
  redis.call('ZREM', KEYS[4], id)
  local priority = tonumber(redis.call('HGET', KEYS[7] .. id, 'priority') or 0)
  if priority == 0 then
    redis.call('LPUSH', KEYS[1], id)
  else
    local count = redis.call('INCR', KEYS[5])
    redis.call('ZADD', KEYS[3], priority * 0x100000000 + count % 0x100000000, id)
  end
  redis.call('HSET', KEYS[7] .. id, 'delay', 0)
end
local id = redis.call('RPOPLPUSH', KEYS[1], KEYS[2])
if not id then
  id = redis.call('ZPOPMIN', KEYS[3])[1]
  if not id then
    redis.call('DEL', KEYS[5])
    return
  end
  redis.call('LPUSH', KEYS[2], id)
end
local place = KEYS[7] .. id
redis.call('SET', place .. ':lock', ARGV[1], 'PX', ARGV[2])
redis.call('HSET', place, 'processedOn', now, 'pb', ARGV[3])
redis.call('HINCRBY', place, 'ats', 1)
local record = redis.call('HGETALL', ARGV[4] .. id .. ARGV[5])
return {id, redis.call('HGET', place, 'timestamp') or 0, now, record, redis.call('GET', ARGV[6] .. id .. ARGV[7])}
`);
